import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { errnoOf } from '../../../errors.ts';
import { findMount, mountFuseOverlay, preloadNative, unmount } from '../../kernel/index.ts';
import type { Root } from '../../store/index.ts';
import { walkTree } from '../tree-tar.ts';
import { whiteoutPrefix } from '../whiteout.ts';
import { Mirror } from './mirror.ts';
import type { StorageDriver } from './types.ts';

/** Overlays by fuse-overlayfs, a process each that lives as long as it is mounted: where the kernel's are not to be had. */
export function fuseOverlayfsDriver(root: Pick<Root, 'id'>, opaqueXattr: string): StorageDriver {
  return {
    name: 'fuse-overlayfs',
    open: async (place, { target, disposable = false, signal }) => {
      if (findMount(target) !== undefined) {
        if (answers(target)) return target;
        await unmount(target, { lazy: true }); // its process was killed
      }
      await mountFuseOverlay({ ...place, target, disposable, rootId: root.id, signal });
      return target;
    },
    changed: async ({ upper }, scratch) => await translate(upper, scratch(), opaqueXattr),
  };
}

function answers(target: string): boolean {
  try {
    statfsSync(target);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOTCONN') return false;
    throw error;
  }
}

/**
 * Deletions are devices 0:0 as overlayfs has them, or files `.wh.NAME` where it may make none; opaque folders hold
 * `.wh..wh..opq` and `.wh..opq`, besides attributes of different names (fuse-overlayfs(1), main.c).
 */
async function translate(upper: string, to: string, opaqueXattr: string): Promise<string> {
  if (!existsSync(upper)) return to;
  const native = await preloadNative();
  const mirror = new Mirror({ native, from: upper, to });
  for (const { path, stats } of walkTree(Buffer.from(upper).toString('latin1'))) {
    const folder = dirname(path);
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (stats.isDirectory()) mirror.folder(path);
    else if (opaqueNames.includes(name)) {
      if (folder !== '.') mirror.mark(folder, opaqueXattr);
    } else if (name.startsWith(whiteoutPrefix))
      mirror.deletion(`${folder}/${name.slice(whiteoutPrefix.length)}`);
    else mirror.file(path);
  }
  mirror.finish();
  return to;
}

const opaqueNames = ['.wh..wh..opq', '.wh..opq'];
