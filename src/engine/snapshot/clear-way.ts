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
