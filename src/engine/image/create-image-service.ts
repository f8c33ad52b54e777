import { PlimsollError } from '../../errors.ts';
import { fitsPlatform } from '../../oci/index.ts';
import { attest, attestationsOf } from './attestations/attestation-records.ts';
import { bootstrapImage } from './bootstrap/bootstrap-image.ts';
import { type ImageServiceOptions, openImages } from './context.ts';
import { createImage, setTag, tagReference } from './create-image.ts';
import { describe, summarise, unlessRemoved } from './image-views.ts';
import { freeLayers, pruneImages, removeImage } from './remove-image.ts';
import { resolveImage } from './resolve-image.ts';
import type { ImageDetails, ImageStore } from './types.ts';

/** The images of a root. */
export function createImageService(options: ImageServiceOptions): ImageStore {
  const { db, snapshots, clock } = options;
  const context = openImages(options);
  const { records } = context;
  const inspect = (name: string): ImageDetails => {
    const details = describe(resolveImage(records, name), records, snapshots);
    if (details === undefined) throw removedMeanwhile(name);
    return details;
  };
  const resolve: ImageStore['resolve'] = (name, platform) => {
    const found = resolveImage(records, name);
    const resolved = unlessRemoved(records, found, () => {
      const fits = platform === undefined || fitsPlatform(records.config(found.id), platform);
      const sibling = fits ? undefined : records.sibling(found.id, platform);
      const { id, layers, sizeBytes } = (sibling === undefined ? undefined : records.get(sibling)) ?? found;
      return {
        ...{ id, layers, sizeBytes, digests: records.digests(id) },
        references: records.references(id),
        config: records.config(id),
      };
    });
    if (resolved === undefined) throw removedMeanwhile(name);
    return resolved;
  };
  const create: ImageStore['create'] = request => createImage(context, request);
  return {
    list: () => summarise(records, snapshots),
    inspect,
    resolve,
    create,
    tag: (name, reference) =>
      db.transaction(() => setTag(context, tagReference(reference), resolveImage(records, name).id), {
        durable: true,
      }),
    remove: (name, options = {}) => removeImage(context, name, options.force ?? false),
    async bootstrap(request) {
      return inspect(await bootstrapImage({ snapshots, create, clock }, request));
    },
    pull: async request => {
      const { pullImage } = await import('./pull/pull-image.ts'); // the network costs what a short command need not pay
      return await pullImage(context, request);
    },
    push: async request => {
      const { pushImage } = await import('./push/push-image.ts');
      return await pushImage(context, request);
    },
    pullAll: async request => {
      const { pullAllTags } = await import('./pull/pull-all-tags.ts');
      return await pullAllTags(context, request);
    },
    waste: async (name, options = {}) => {
      const { imageWaste } = await import('./waste/image-waste.ts');
      return await imageWaste(context, name, options);
    },
    prune: (options = {}) => pruneImages(context, options),
    attest: (image, attestations) => attest(context, image, attestations),
    attestations: name => attestationsOf(context, resolveImage(records, name).id),
    openCache: async request => {
      const { openCache } = await import('./stored-cache/index.ts');
      return await openCache(context, request);
    },
    writeCache: async request => {
      const { writeCache } = await import('./stored-cache/index.ts');
      await writeCache(context, request);
    },
    layersOfImages: () => new Set(records.all().flatMap(image => image.layers)),
    freeLayers: diffIds => freeLayers(context, diffIds),
  };
}

function removedMeanwhile(name: string): PlimsollError {
  return new PlimsollError('not-found', `the image "${name}" was removed meanwhile`, {
    code: 'IMAGE_NOT_FOUND',
  });
}
