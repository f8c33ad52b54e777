import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { rotatedFiles, rotatedPath } from './log-files.ts';

/** A current log above this is rotated: three files of 20 MB at most per container. */
export const rotateAboveBytes = 20 * 1024 * 1024;

/** conmon's control message "reopen the log" (ctrl.c: `2 0 0`). */
const reopen = '2 0 0\n';

/**
 * Rotates a log that has grown too large, without losing a line: rename, then tell the monitor to reopen. The monitor
 * goes on writing into the renamed file until it does. Call it under the container's lock. `control` is conmon's `ctl`
 * fifo. Returns whether it rotated.
 */
export function rotateLog(path: string, control: string, aboveBytes = rotateAboveBytes): boolean {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= aboveBytes) return false;
  rmSync(rotatedPath(path, rotatedFiles), { force: true });
  for (let n = rotatedFiles - 1; n >= 1; n--) renameIfThere(rotatedPath(path, n), rotatedPath(path, n + 1));
  renameSync(path, rotatedPath(path, 1));
  writeFileSync(control, reopen, { flag: 'r+' }); // r+: does not block where nobody reads the fifo any more
  return true;
}

function renameIfThere(from: string, to: string): void {
  if (statSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, to);
}
