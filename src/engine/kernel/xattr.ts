import type { Native } from './native.ts';

/**
 * Extended attributes of a file itself, never of what a symbolic link points at, sorted by name (xattr(7)).
 * Names and path are bytes, as latin1 text.
 */
export function readXattrs(native: Native, path: Uint8Array): { name: string; value: Buffer }[] {
  const list = native.llistxattr(path);
  if (list.length === 0) return [];
  const names = list.toString('latin1').split('\0').slice(0, -1).sort();
  return names.flatMap(name => {
    const value = readXattr(native, path, name);
    return value === undefined ? [] : [{ name, value }];
  });
}

/** One extended attribute, or undefined if the file has none of that name (or it is another namespace's). */
export function readXattr(native: Native, path: Uint8Array, name: string): Buffer | undefined {
  try {
    return native.lgetxattr(path, name);
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === 'ENODATA' || code === 'EOPNOTSUPP') return undefined;
    throw error;
  }
}

/**
 * True for extended attributes that are content of a file: not overlayfs's own notes (which could also redirect a
 * lookup), not labels of the host's security policy.
 */
export function isContentXattr(name: string): boolean {
  if (name.startsWith('trusted.overlay.') || name.startsWith('user.overlay.')) return false;
  return (
    /^(user|trusted)\./.test(name) || name === 'security.capability' || name.startsWith('system.posix_acl_')
  );
}
