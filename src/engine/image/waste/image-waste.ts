import { statfsSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { throwIfAborted } from '../../../errors.ts';
import type { ImageContext } from '../context.ts';
import { describe } from '../image-views.ts';
import { resolveImage } from '../resolve-image.ts';
import type { ImageDetails, ImageWaste } from '../types.ts';
import { type HiddenFile, hiddenFinder } from './find-hidden.ts';

/** See `ImageService.waste`. Its layers are held while they are read. */
export async function imageWaste(
  context: ImageContext,
  name: string,
  { files: limit = 20, signal }: { files?: number; signal?: AbortSignal | undefined },
): Promise<ImageWaste> {
  const { records, snapshots } = context;
  const image = resolveImage(records, name);
  using held = new DisposableStack();
  for (const diffId of new Set(image.layers)) held.use(snapshots.hold(diffId));
  const details = describe(image, records, snapshots);
  if (details === undefined) throw new TypeError('an image whose layers are held is there');
  const hidden = await findHidden(context, image.layers, signal);
  const others = records.all().filter(({ id }) => id !== image.id);
  const stepOf = stepsByLayer(details);
  return {
    id: image.id,
    references: details.references,
    sizeBytes: details.sizeBytes,
    hiddenBytes: sum(hidden),
    uniqueBytes: details.uniqueBytes,
    machineBytes: usedBytes('/'),
    steps: details.history.map((entry, step) => {
      const layer = stepOf.indexOf(step);
      const diffId = image.layers[layer];
      const common = { createdBy: entry.createdBy, sizeBytes: entry.sizeBytes };
      if (diffId === undefined) return { ...common, hiddenBytes: 0, sharedWith: [] };
      const sharing = others.filter(({ layers }) => layers.includes(diffId));
      const ships = hidden.filter(file => file.layer === layer);
      return { ...common, diffId, hiddenBytes: sum(ships), sharedWith: sharing.map(({ id }) => id) };
    }),
    files: [...hidden]
      .sort((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1))
      .slice(0, limit)
      .map(({ path, bytes, layer, hiddenBy, how }) => ({
        path: `/${Buffer.from(path, 'latin1').toString('utf8')}`,
        ...{ bytes, how, madeBy: stepOf[layer] ?? -1, hiddenBy: stepOf[hiddenBy] ?? -1 },
      })),
    fileCount: hidden.length,
  };
}

async function findHidden(
  { snapshots }: ImageContext,
  layers: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly HiddenFile[]> {
  const finder = hiddenFinder();
  let since = performance.now();
  for (const diffId of layers) {
    for await (const entry of snapshots.entries(diffId)) {
      finder.add(entry);
      throwIfAborted(signal, 'looking for waste');
      if (performance.now() - since < 8) continue;
      await setImmediate(); // for timers, input and drawing
      since = performance.now();
    }
    finder.endLayer();
  }
  return finder.hidden();
}

/** The steps that made layers, by layer: all but the empty ones, in order (OCI image spec, config). */
function stepsByLayer({ history }: ImageDetails): number[] {
  return history.flatMap((entry, index) => (entry.emptyLayer ? [] : [index]));
}

function usedBytes(path: string): number {
  const { blocks, bfree, bsize } = statfsSync(path);
  return (blocks - bfree) * bsize;
}

function sum(files: readonly HiddenFile[]): number {
  return files.reduce((total, { bytes }) => total + bytes, 0);
}
