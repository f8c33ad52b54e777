import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { type Native, preloadNative } from '../kernel/index.ts';
import { isWhiteout } from './below.ts';
import { copyFolder } from './copy-folder.ts';
import { layerEntries } from './layer-entries.ts';
import { type StageOptions, stageLayer } from './stage.ts';
import type { HeldLayer, MergeRequest } from './types.ts';
import { opaqueXattr } from './whiteout.ts';

/** See `SnapshotService.merge`. Whatever goes wrong, nothing of the layer stays. */
export async function mergeLayers(
  context: StageOptions,
  { below, layers, signal, ...times }: MergeRequest,
): Promise<HeldLayer> {
  await using staged = await stageLayer(context, below, signal, false);
  const native = await preloadNative();
  const attribute = opaqueXattr(context.root);
  for (const diffId of layers) {
    const { path } = context.layers.get(diffId);
    const opaque = clearWay(path, staged.target, { native, opaqueXattr: attribute });
    await copyFolder(path, staged.target, signal);
    for (const folder of opaque) native.lsetxattr(folder, attribute, Buffer.from('y'));
  }
  return await staged.commit(times);
}

/**
 * Deletes from a folder what a layer is about to replace or delete. Returns the folders that take the place of something
 * deleted: what is below them is hidden still.
 */
function clearWay(
  layer: string,
  target: string,
  options: { readonly native: Native; readonly opaqueXattr: string },
): Buffer[] {
  const opaque: Buffer[] = [];
  for (const { path, kind, isOpaque } of layerEntries(layer, options)) {
    const absolute = Buffer.concat([Buffer.from(`${target}/`), Buffer.from(path, 'latin1')]);
    const before = lstatSync(absolute, { throwIfNoEntry: false });
    if (before === undefined) continue;
    if (kind !== 'folder' || !before.isDirectory()) {
      rmSync(absolute, { recursive: true });
      if (kind === 'folder' && isWhiteout(before)) opaque.push(absolute);
    } else if (isOpaque) {
      for (const name of readdirSync(absolute, { encoding: 'buffer' }))
        rmSync(Buffer.concat([absolute, Buffer.from('/'), name]), { recursive: true });
    }
  }
  return opaque;
}
