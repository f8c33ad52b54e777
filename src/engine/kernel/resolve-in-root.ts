import { lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, PlimsollError } from '../../errors.ts';

/**
 * The host path of `path` as a process whose root is `root` would reach it: symlinks, absolute ones and `..` too,
 * never lead out of `root`. Parts that do not exist are taken as they are. Throws `invalid-argument` for a loop.
 * A process inside that changes links meanwhile could still mislead it: for containers that are not running.
 */
export function resolveInRoot(root: string, path: string): string {
  let done: string[] = [];
  const todo = path.split('/').reverse();
  for (let links = 0; todo.length > 0; ) {
    const part = todo.pop();
    if (part === undefined || part === '' || part === '.') continue;
    if (part === '..') {
      done = done.slice(0, -1);
      continue;
    }
    const link = readLink(join(root, ...done, part));
    if (link === undefined) {
      done = [...done, part];
      continue;
    }
    if (++links > 40) {
      throw new PlimsollError('invalid-argument', `too many symbolic links in "${path}"`, {
        code: 'SYMLINK_LOOP',
        data: { path },
      });
    }
    if (link.startsWith('/')) done = [];
    todo.push(...link.split('/').reverse());
  }
  return join(root, ...done);
}

function readLink(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
