import { PlimsollError } from '../../errors.ts';
import type { EventService } from '../events/index.ts';
import type { SnapshotService } from '../snapshot/index.ts';
import { assertPrivileged, createBlobs, type Database, type Root } from '../store/index.ts';
import { bootstrapImage } from './bootstrap/bootstrap-image.ts';
import { createImage, setTag, tagReference } from './create-image.ts';
import { createImageRecords } from './image-records.ts';
import { describe, summarise } from './image-views.ts';
import { freeLayers, pruneImages, removeImage } from './remove-image.ts';
import { resolveImage } from './resolve-image.ts';
import type { ImageDetails, ImageStore } from './types.ts';

export interface ImageServiceOptions {
  readonly root: Root;
  readonly db: Database;
  readonly snapshots: SnapshotService;
  readonly events: EventService;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** The images of a root. */
export function createImageService({ root, db, snapshots, events, clock }: ImageServiceOptions): ImageStore {
  const blobs = createBlobs({ root, db, clock });
  const records = createImageRecords(db, blobs);
  const context = { db, blobs, snapshots, events, clock, records };
  const inspect = (name: string): ImageDetails => {
    const details = describe(resolveImage(records, name), records, snapshots);
    if (details === undefined) throw removedMeanwhile(name);
    return details;
  };
  const create: ImageStore['create'] = request => createImage(context, request);
  return {
    list: () => summarise(records, snapshots),
    inspect,
    resolve: name => {
      const { id, layers, sizeBytes } = resolveImage(records, name);
      return { id, references: records.references(id), config: records.config(id), layers, sizeBytes };
    },
    create,
    tag: (name, reference) =>
      db.transaction(() => setTag(context, tagReference(reference), resolveImage(records, name).id), {
        durable: true,
      }),
    remove: (name, options = {}) => removeImage(context, name, options.force ?? false),
    async bootstrap(request) {
      assertPrivileged(root, 'making a base image');
      return inspect(await bootstrapImage({ snapshots, create, clock }, request));
    },
    prune: (options = {}) => pruneImages(context, options.all ?? false),
    layersOfImages: () => new Set(records.all().flatMap(image => image.layers)),
    freeLayers: diffIds => freeLayers(context, diffIds),
  };
}

function removedMeanwhile(name: string): PlimsollError {
  return new PlimsollError('not-found', `the image "${name}" was removed meanwhile`, {
    code: 'IMAGE_NOT_FOUND',
  });
}
