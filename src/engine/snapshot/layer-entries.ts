import type { Stats } from 'node:fs';
import { type Native, readXattr } from '../kernel/index.ts';
import { walkTree } from './tree-tar.ts';
import type { LayerEntry } from './types.ts';
import { isWhiteout } from './whiteout.ts';

export interface EntriesOptions {
  readonly native: Native;
  readonly opaqueXattr: string;
  /** Whether what is in a folder is wanted; see `walkTree`. */
  readonly enter?: (path: string) => boolean;
}

/** What a layer's folder holds, folders before what is in them. */
export function* layerEntries(
  folder: string,
  { native, opaqueXattr, enter }: EntriesOptions,
): Generator<LayerEntry> {
  for (const { path, absolute, stats } of walkTree(Buffer.from(folder).toString('latin1'), '', enter)) {
    const kind = kindOf(stats);
    const isOpaque =
      kind === 'folder' && readXattr(native, absolute, opaqueXattr)?.toString('latin1') === 'y';
    const bytes = kind === 'file' ? stats.size : 0;
    yield { path, kind, bytes, isOpaque, ...(stats.nlink > 1 && bytes > 0 ? { inode: stats.ino } : {}) };
  }
}

function kindOf(stats: Stats): LayerEntry['kind'] {
  if (isWhiteout(stats)) return 'whiteout';
  if (stats.isDirectory()) return 'folder';
  return stats.isFile() ? 'file' : 'other';
}
