import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { LogPlan } from './log-config.ts';
import { rotatedNumbers, rotatedPath } from './log-files.ts';

/** conmon's control message "reopen the log" (ctrl.c: `2 0 0`). */
const reopen = '2 0 0\n';

/**
 * Rotates a log that has grown too large for its plan, without losing a line: rename, then tell the monitor to reopen.
 * The monitor goes on writing into the renamed file until it does. Call it under the container's lock. `control` is
 * conmon's `ctl` fifo. Returns whether it rotated.
 */
export function rotateLog(path: string, control: string, plan: LogPlan): boolean {
  if (!isTooLarge(path, plan)) return false;
  for (const n of rotatedNumbers(path)) {
    if (n >= plan.rotatedFiles) rmSync(rotatedPath(path, n), { force: true });
    else renameSync(rotatedPath(path, n), rotatedPath(path, n + 1));
  }
  renameSync(path, rotatedPath(path, 1));
  writeFileSync(control, reopen, { flag: 'r+' }); // r+: does not block where nobody reads the fifo any more
  return true;
}

/** True for a file that is to be rotated; costs a stat. */
export function isTooLarge(path: string, plan: LogPlan): plan is Extract<LogPlan, { kind: 'file' }> {
  if (plan.kind !== 'file') return false;
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > plan.rotateAboveBytes;
}
