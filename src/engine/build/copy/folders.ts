import { chmodSync, chownSync, lstatSync, mkdirSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf, PlimsollError } from '../../../errors.ts';
import { resolveInRoot } from '../../kernel/index.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Makes a folder of a root filesystem with all that is missing above it (mode 0755, owned by `owner`), never outside of
 * it whatever its symlinks say. Returns its path on the host and whether it is new.
 */
export function makeFolder(root: string, path: string, owner: Owner): { folder: string; isNew: boolean } {
  const folder = resolveInRoot(root, path);
  const missing: string[] = [];
  for (let at = folder; at !== root && statusOf(at) === undefined; at = dirname(at)) missing.push(at);
  const top = missing.length === 0 ? folder : dirname(missing.at(-1) ?? folder);
  if (statusOf(top)?.isDirectory() === false) throw notFolder(top.slice(root.length));
  for (const made of missing.reverse()) {
    mkdirSync(made);
    chmodSync(made, 0o755);
    chownSync(made, owner.uid, owner.gid);
  }
  return { folder, isNew: missing.length > 0 };
}

/**
 * Where an entry of a copied folder goes: the folder itself, or, if the destination has a symlink of its name that leads
 * to a folder, that one (so that a copy onto `/lib -> usr/lib` lands in /usr/lib). Undefined if nothing is there yet.
 */
export function existingFolder(root: string, parent: string, name: string): string | undefined {
  const path = join(parent, name);
  const status = statusOf(path);
  if (status === undefined) return undefined;
  if (status.isDirectory()) return path;
  const inside = path.slice(root.length);
  const resolved = status.isSymbolicLink() ? resolveInRoot(root, inside) : undefined;
  if (resolved !== undefined && statusOf(resolved)?.isDirectory()) return resolved;
  throw notFolder(inside);
}

/** lstat, or undefined if there is nothing. */
export function statusOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    if (errnoOf(error) === 'ENOTDIR') throw notFolder(dirname(path));
    throw error;
  }
}

function notFolder(path: string): PlimsollError {
  return new PlimsollError('conflict', `"${path}" in the image is not a folder`, {
    code: 'DESTINATION_NOT_FOLDER',
    hint: 'copy to another place, or remove it in a RUN step before',
  });
}
