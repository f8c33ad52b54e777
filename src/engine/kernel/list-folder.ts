import { readdirSync } from 'node:fs';
import { errnoOf } from '../../errors.ts';

/**
 * Names of what is in a folder; none if it is not there. Asking first whether it is leaves a moment in which another
 * process deletes it, as happens to cgroups and to the folders of containers all the time.
 */
export function namesIn(folder: string): string[] {
  return unlessGone(() => readdirSync(folder));
}

/** Names of the folders in a folder, likewise. */
export function foldersIn(folder: string): string[] {
  return unlessGone(() => readdirSync(folder, { withFileTypes: true }))
    .filter(entry => entry.isDirectory())
    .map(({ name }) => name);
}

/** A cgroup that goes while it is read is told by ENODEV, a process by ESRCH (proc(5)). */
function unlessGone<T>(list: () => T[]): T[] {
  try {
    return list();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENODEV', 'ESRCH'].includes(errnoOf(error) ?? '')) return [];
    throw error;
  }
}
