import { preloadNative } from '../kernel/index.ts';
import { clearWay } from './clear-way.ts';
import { copyFolder } from './copy-folder.ts';
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
