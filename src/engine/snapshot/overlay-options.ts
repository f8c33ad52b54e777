import { release } from 'node:os';
import { hasUserMarks, type MarkedRoot } from './overlay-rights.ts';

/**
 * Options of every overlay of a root. The distribution's kernel may turn on features by which a renamed folder, a
 * changed mode or a hard link is only noted in the upper folder: then that folder would no longer be the difference.
 */
export function overlayOptions(root: MarkedRoot): readonly string[] {
  if (hasUserMarks(root)) return ['userxattr', 'index=off'];
  return ['redirect_dir=off', 'metacopy=off', 'index=off'];
}

/**
 * For an overlay whose changes nobody will miss after a power cut: it never waits for the disk, neither when it is
 * unmounted (which else writes out the whole filesystem below) nor upon fsync(2).
 */
export function disposableOverlayOptions(root: MarkedRoot): readonly string[] {
  return kernelHasVolatile() ? [...overlayOptions(root), 'volatile'] : overlayOptions(root);
}

/** Overlayfs takes `volatile` since Linux 5.10. */
function kernelHasVolatile(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return major > 5 || (major === 5 && minor >= 10);
}
