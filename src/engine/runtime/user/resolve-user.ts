import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { errnoOf } from '../../../errors.ts';
import { resolveInRoot } from '../../kernel/index.ts';
import { chooseUser, parseGroup, parsePasswd, type ResolvedUser } from './parse-user.ts';

/**
 * Resolves `name|uid[:group|gid]` (empty: root) against the /etc/passwd and /etc/group of a root filesystem.
 * Throws `invalid-argument` (`USER_UNKNOWN`) for a name that is not there.
 */
export function resolveUser(rootfs: string, user: string): ResolvedUser {
  const passwd = parsePasswd(readInRoot(rootfs, '/etc/passwd'));
  const groups = parseGroup(readInRoot(rootfs, '/etc/group'));
  return chooseUser(user, passwd, groups);
}

/** Text of a regular file of the image; empty if there is none. An image's FIFO must not hang us, nor a huge file. */
export function readInRoot(rootfs: string, path: string): string {
  const limit = 4 * 1024 * 1024;
  let file: number;
  try {
    file = openSync(
      resolveInRoot(rootfs, path),
      constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW,
    );
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(errnoOf(error) ?? '')) return '';
    throw error;
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) return '';
    const text = Buffer.alloc(Math.min(stat.size, limit));
    return text.toString('utf8', 0, readSync(file, text, 0, text.length, 0));
  } finally {
    closeSync(file);
  }
}
