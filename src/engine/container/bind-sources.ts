import { existsSync } from 'node:fs';
import { errnoOf, PlimsollError } from '../../errors.ts';
import { caller, makeFolder, userName } from '../kernel/index.ts';
import type { ContainerMount } from './types.ts';

/**
 * As docker: what a `-v` names and this machine lacks becomes a folder. Whose it is surprises people, so it is said:
 * returns a warning for each that was made.
 */
export function makeBindSources(mounts: readonly ContainerMount[]): string[] {
  const { uid } = caller(); // not this process's own, which is root in a user's namespaces
  return mounts.flatMap(mount => {
    if (mount.type !== 'bind' || !mount.createSource || existsSync(mount.source)) return [];
    make(mount.source);
    return [
      `made the folder "${mount.source}", which was not there; it belongs to ${userName(uid) ?? `user ${uid}`}`,
    ];
  });
}

/** Why a folder cannot be made, and what would help. */
const reasons: Readonly<Record<string, string>> = {
  ENOTDIR: 'a part of the path is a file: correct the path',
  ENOENT: 'nothing can be made there: correct the path',
  EEXIST: 'a part of the path is a file: correct the path',
  EACCES: 'you may not write there: have somebody make it who may',
  EPERM: 'you may not write there: have somebody make it who may',
  EROFS: 'the file system is read-only: make it elsewhere',
  ENOSPC: 'no space is left on the disk: free some',
  ENAMETOOLONG: 'the path is too long: choose a shorter one',
};

function make(source: string): void {
  try {
    makeFolder(source);
  } catch (cause) {
    throw new PlimsollError('invalid-argument', `cannot make the folder "${source}" for a mount`, {
      code: 'MOUNT_SOURCE_MISSING',
      hint: `${reasons[errnoOf(cause) ?? ''] ?? errnoOf(cause) ?? String(cause)}, or mount another`,
      data: { source },
      cause,
    });
  }
}
