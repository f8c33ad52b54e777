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
