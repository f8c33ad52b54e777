import { closeSync, constants, openSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { inFolder } from './tree-root.ts';

/**
 * Removes a name from an open folder with all below it, by descriptors: a process that puts a link in place of a
 * folder meanwhile loses the link, not what that points at.
 */
export function removeIn(folder: number, name: string): void {
  const at = inFolder(folder, name);
  try {
    unlinkSync(at);
    return;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    if (!['EISDIR', 'EPERM'].includes(errnoOf(error) ?? '')) throw error;
  }
  const inner = openSync(at, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    for (const each of readdirSync(`/proc/self/fd/${inner}`, { encoding: 'latin1' })) removeIn(inner, each);
  } finally {
    closeSync(inner);
  }
  rmdirSync(at);
}
