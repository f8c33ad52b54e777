import { statSync } from 'node:fs';

/**
 * True if a folder has not changed for a minute. A container's folders are made a moment before its record says so
 * (and the other way round at its end): what is younger may belong to somebody who is at work.
 */
export function isSettled(folder: string): boolean {
  const changed = statSync(folder, { throwIfNoEntry: false })?.mtimeMs;
  return changed !== undefined && changed < Date.now() - 60_000;
}
