import { lstatSync, rmdirSync, unlinkSync } from 'node:fs';
import { preloadNative } from '../kernel/index.ts';
import { joinLayers } from './below.ts';
import { withChanged } from './changed-folder.ts';
import { changesIn } from './changes.ts';
import { copyFolder } from './copy-folder.ts';
import { type StageOptions, stageLayer } from './stage.ts';
import type { ChangedFolder, HeldLayer } from './types.ts';
import { opaqueXattr } from './whiteout.ts';

/** See `SnapshotService.capture`. Whatever goes wrong, nothing of the layer stays. */
export async function captureLayer(
  context: StageOptions,
  folder: ChangedFolder,
  signal: AbortSignal | undefined,
): Promise<HeldLayer> {
  const { layers, mountPoints } = folder;
  await using staged = await stageLayer(context, layers, signal, false);
  await withChanged(context, folder, upper => copyFolder(upper, staged.target, signal));
  const native = await preloadNative();
  const attribute = opaqueXattr(context.root);
  const folders = layers.map(diffId => context.layers.get(diffId).path).reverse();
  changesIn({
    upper: staged.target,
    below: joinLayers(folders, { native, opaqueXattr: attribute }),
    native,
    opaqueXattr: attribute,
    mountPoints,
    onUnchanged: removeOne,
  });
  return await staged.commit();
}

function removeOne(absolute: Buffer): void {
  if (lstatSync(absolute).isDirectory()) rmdirSync(absolute);
  else unlinkSync(absolute);
}
