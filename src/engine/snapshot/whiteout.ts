import { constants, type Stats } from 'node:fs';
import { errnoOf } from '../../errors.ts';
import type { Native } from '../kernel/index.ts';
import { hasUserMarks, type MarkedRoot } from './overlay-rights.ts';

/**
 * How deletions are written. In a tar (OCI image spec, layer): an empty file `.wh.NAME`, and `.wh..wh..opq` in a
 * folder whose older content is hidden. In a folder for overlayfs: a character device 0:0, and an xattr.
 */
export const whiteoutPrefix = '.wh.';
export const opaqueMarker = '.wh..wh..opq';

/** The xattr by which overlayfs marks an opaque folder; value `y`. Users may not write `trusted.`. */
export function opaqueXattr(root: MarkedRoot): string {
  return hasUserMarks(root) ? 'user.overlay.opaque' : 'trusted.overlay.opaque';
}

/**
 * Notes a deletion: `name` in the folder `folder` (a descriptor; -1: `name` is absolute). Where nobody may make such a
 * device (on another overlay; for users before Linux 5.8) a socket without permissions stands for it: no layer holds
 * sockets. Overlayfs does not know those, so that such layers are seen right in copies alone.
 */
export function makeWhiteout(native: Native, folder: number, name: Uint8Array): void {
  try {
    native.mknodat(folder, name, constants.S_IFCHR, { major: 0, minor: 0 });
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') throw error;
    native.mknodat(folder, name, constants.S_IFSOCK, { major: 0, minor: 0 });
  }
}

/** True for the note of a deletion. */
export function isWhiteout(stats: Stats): boolean {
  if (stats.isCharacterDevice()) return stats.rdev === 0;
  return stats.isSocket() && (stats.mode & 0o7777) === 0;
}
