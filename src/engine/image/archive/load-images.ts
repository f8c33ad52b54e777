import { errnoOf, isPlimsollError, PlimsollError, throwIfAborted } from '../../../errors.ts';
import { runTogether } from '../../../lib/run-together.ts';
import { familiarReference, hostPlatform, parsePlatform, parseReference } from '../../../oci/index.ts';
import type { LoadedImage, LoadRequest } from '../archive-types.ts';
import { keepBlob } from '../content/keep-blob.ts';
import { unpackStream } from '../content/unpack-stream.ts';
import type { ImageContext } from '../context.ts';
import { setTag } from '../create-image.ts';
import { recordImage } from '../pull/record-image.ts';
import { freeLayers } from '../remove-image.ts';
import type { ArchivedImage, ArchivedLayer } from './archived-image.ts';
import { readDockerImages, readDockerList } from './read-docker-list.ts';
import { type PlatformChoice, readLayout } from './read-layout.ts';
import { badArchive, type SpooledArchive, spoolArchive } from './spool-archive.ts';

/** Archive -> store; see `ImageArchives.load`. */
export async function loadImages(context: ImageContext, request: LoadRequest): Promise<LoadedImage[]> {
  const choice: PlatformChoice = {
    platform: request.platform === undefined ? hostPlatform(process.arch) : parsePlatform(request.platform),
    isStrict: request.platform !== undefined,
  };
  await using scratch = await context.snapshots.scratch();
  const archive = await spool(request, scratch.path).catch((error: unknown) => {
    throw full(error);
  });
  const images = await readImages(archive, choice);
  return await takeOver(context, images, request);
}

async function spool({ archive, size = 0, signal, onProgress }: LoadRequest, folder: string) {
  const layer = { digest: 'archive', size };
  onProgress?.({ kind: 'began', name: 'Loading', layers: [layer] });
  let last = 0;
  const onBytes = (bytes: number) => {
    if (bytes - last < 4 * 1024 * 1024) return;
    last = bytes;
    onProgress?.({
      kind: 'layer',
      digest: layer.digest,
      state: 'reading',
      bytes,
      size: Math.max(size, bytes),
    });
  };
  return await spoolArchive(unpackStream(archive, { signal, onBytes }), folder);
}

/** An OCI layout keeps the manifests that images were published with; Docker's list may know more names of them. */
async function readImages(archive: SpooledArchive, choice: PlatformChoice): Promise<ArchivedImage[]> {
  const hasList = archive.find('manifest.json') !== undefined;
  if (archive.find('index.json') === undefined) {
    if (hasList) return await readDockerImages(archive, choice);
    throw badArchive(
      'it has neither a "manifest.json", as Docker\'s archives, nor an "index.json", as OCI\'s',
    );
  }
  const images = readLayout(archive, choice);
  const list = hasList ? readDockerList(archive) : [];
  return images.map(image => {
    const same = list.filter(({ config }) => archive.find(config)?.digest === image.id);
    const references = [...image.references, ...same.flatMap(entry => entry.references)];
    return { ...image, references: [...new Set(references)] };
  });
}

/** All images or none: what was unpacked for nothing is freed. */
async function takeOver(
  context: ImageContext,
  images: readonly ArchivedImage[],
  request: LoadRequest,
): Promise<LoadedImage[]> {
  const made: ArchivedLayer[] = [];
  try {
    using held = new DisposableStack();
    await unpackLayers(context, images, { request, held, made });
    throwIfAborted(request.signal, 'loading the images');
    return context.db.transaction(() => record(context, images, made), { durable: true });
  } catch (error) {
    await freeLayers(
      context,
      made.map(({ diffId }) => diffId),
    );
    throw full(error);
  }
}

interface Unpacking {
  readonly request: LoadRequest;
  readonly held: DisposableStack;
  /** Layers that were not here before. */
  readonly made: ArchivedLayer[];
}

async function unpackLayers(
  context: ImageContext,
  images: readonly ArchivedImage[],
  { request, held, made }: Unpacking,
): Promise<void> {
  const layers = new Map(images.flatMap(image => image.layers).map(layer => [layer.diffId, layer]));
  const tell = request.onProgress ?? (() => {});
  const [reference] = images.flatMap(image => image.references);
  const name = reference === undefined ? 'images' : familiarReference(parseReference(reference));
  tell({ kind: 'began', name, layers: [...layers.values()].map(({ blob }) => blob) });
  await runTogether(
    [...layers.values()].map(layer => async stop => {
      const say = (state: 'exists' | 'unpacking' | 'loaded') =>
        tell({ kind: 'layer', digest: layer.blob.digest, state });
      const isHere = context.snapshots.layer(layer.diffId) !== undefined;
      if (!isHere) say('unpacking');
      const file = { path: layer.file.path, offset: 0, length: layer.file.size };
      held.use(await context.snapshots.importLayer({ diffId: layer.diffId, file, signal: stop }));
      if (!isHere) made.push(layer);
      say(isHere ? 'exists' : 'loaded');
    }),
    request.signal,
  );
}

function record(
  context: ImageContext,
  images: readonly ArchivedImage[],
  made: readonly ArchivedLayer[],
): LoadedImage[] {
  const loaded = images.map(image => recordOne(context, image));
  for (const { blob, diffId, file } of made) {
    if (blob.digest !== diffId) keepBlob(context, { blob, diffId, path: file.path });
  }
  return loaded;
}

function recordOne(context: ImageContext, image: ArchivedImage): LoadedImage {
  const { configBytes, config, manifest, references } = image;
  const before = references.flatMap(reference => {
    const row = context.db.get('SELECT image FROM tags WHERE reference = ?', reference);
    return row === undefined || row.image === image.id ? [] : [{ reference, id: String(row.image) }];
  });
  const layers = config.rootfs.diff_ids;
  const id = recordImage(context, { configBytes, layers, created: config.created, manifest, origin: 'load' });
  for (const reference of references) setTag(context, reference, id);
  return { id, references, replaced: before };
}

function full(error: unknown): unknown {
  if (isPlimsollError(error) || (errnoOf(error) !== 'ENOSPC' && errnoOf(error) !== 'EDQUOT')) return error;
  return new PlimsollError('resource-exhausted', 'the disk is full, and loading was given up', {
    code: 'DISK_FULL',
    hint: "nothing of it was kept: free space, for example with 'plimsoll system prune', and load again",
    cause: error,
  });
}
