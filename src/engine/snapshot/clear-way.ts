import { lstatSync, readdirSync, rmSync } from 'node:fs';
import type { Native } from '../kernel/index.ts';
import { layerEntries } from './layer-entries.ts';
import { isWhiteout } from './whiteout.ts';

/**
 * Deletes from a folder what a layer is about to replace or delete. Returns the folders that take the place of something
 * deleted: what is below them is hidden still.
 */
export function clearWay(
  layer: string,
  target: string,
  options: { readonly native: Native; readonly opaqueXattr: string },
): Buffer[] {
  const opaque: Buffer[] = [];
  const placeOf = (path: string) => Buffer.concat([Buffer.from(`${target}/`), Buffer.from(path, 'latin1')]);
  const look = (path: string) => lstatSync(placeOf(path), { throwIfNoEntry: false });
  // Where the target has no such folder, nothing of what is in it can be in the way.
  const enter = (path: string) => look(path) !== undefined;
  for (const { path, kind, isOpaque } of layerEntries(layer, { ...options, enter })) {
    const absolute = placeOf(path);
    const before = look(path);
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
