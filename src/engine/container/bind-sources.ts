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

function make(source: string): void {
  try {
    makeFolder(source);
  } catch (cause) {
    throw new PlimsollError('invalid-argument', `cannot make the folder "${source}" for a mount`, {
      code: 'MOUNT_SOURCE_MISSING',
      hint: `${errnoOf(cause) ?? String(cause)}: make it yourself, or mount another`,
      data: { source },
      cause,
    });
  }
}
