import type { Root } from '../store/index.ts';

/**
 * Options of every overlay of a root. The distribution's kernel may turn on features by which a renamed folder, a
 * changed mode or a hard link is only noted in the upper folder: then that folder would no longer be the difference.
 */
export function overlayOptions(root: Pick<Root, 'rootless'>): readonly string[] {
  if (root.rootless) return ['userxattr', 'index=off'];
  return ['redirect_dir=off', 'metacopy=off', 'index=off'];
}
