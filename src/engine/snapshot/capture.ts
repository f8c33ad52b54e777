import { lstatSync, rmdirSync, unlinkSync } from 'node:fs';
import { PlimsollError } from '../../errors.ts';
import { preloadNative, run } from '../kernel/index.ts';
import { joinLayers } from './below.ts';
import { changesIn } from './changes.ts';
import { type StageOptions, stageLayer } from './stage.ts';
import type { ChangedFolder, HeldLayer } from './types.ts';
import { opaqueXattr } from './whiteout.ts';

/** See `SnapshotService.capture`. Whatever goes wrong, nothing of the layer stays. */
export async function captureLayer(
  context: StageOptions,
  { layers, upper, mountPoints }: ChangedFolder,
  signal: AbortSignal | undefined,
): Promise<HeldLayer> {
  await using staged = await stageLayer(context, layers, signal, false);
  await copyFolder(upper, staged.target, signal);
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

/** With whiteouts (devices) and overlayfs's attributes: cp(1) as root keeps both. */
async function copyFolder(from: string, to: string, signal: AbortSignal | undefined): Promise<void> {
  const args = ['-a', '--reflink=auto', '--', `${from}/.`, to];
  const { code, stderr } = await run('cp', args, signal === undefined ? {} : { signal });
  const words = stderr.trim().split('\n');
  if (code === 0 || words.every(line => /: No such file or directory$/.test(line))) return;
  const full = words.some(line => /No space left|Disk quota exceeded/.test(line));
  throw new PlimsollError(full ? 'resource-exhausted' : 'internal', `cannot copy the changes: ${words[0]}`, {
    code: full ? 'DISK_FULL' : 'COMMAND_FAILED',
    hint: full ? "free space, for example with 'plimsoll image prune', and try again" : 'try again',
  });
}

function removeOne(absolute: Buffer): void {
  if (lstatSync(absolute).isDirectory()) rmdirSync(absolute);
  else unlinkSync(absolute);
}
