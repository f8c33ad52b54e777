import { closeSync, constants, openSync, readFileSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../kernel/index.ts';
import { cgroupProcesses, removeCgroup } from './cgroup.ts';

/**
 * Does what `crun start` does, without the 4 ms of its process: a created container's first process waits for one byte
 * on a fifo of its state folder (crun, src/libcrun/status.c). False if nobody waits there: then crun has to tell why.
 * Not for a spec with poststart hooks: those are crun's to run.
 */
export function releaseCreated(stateFolder: string): boolean {
  const path = join(stateFolder, 'exec.fifo');
  let fifo: number;
  try {
    fifo = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK); // ENXIO: no reader
  } catch {
    return false;
  }
  try {
    unlinkSync(path); // first: that it is gone is how crun tells "running" from "created"
    writeSync(fifo, '\0');
    return true;
  } finally {
    closeSync(fifo);
  }
}

/**
 * Does what `crun delete` does for a container that has ended and left no process in its cgroup: removes the cgroup
 * and forgets it. False if there is more to do.
 */
export function forgetEnded(stateFolder: string): boolean {
  const status = readStatus(stateFolder);
  if (status === undefined || status['systemd-cgroup']) return false;
  const first = { pid: status.pid, startTime: status['process-start-time'] };
  if (isAlive(first) || cgroupProcesses(status['cgroup-path']).length > 0) return false;
  removeCgroup(status['cgroup-path']);
  rmSync(stateFolder, { recursive: true, force: true });
  return true;
}

/** What crun keeps of a container, as far as we use it. */
interface CrunStatus {
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly 'process-start-time': number;
  /** Below each hierarchy. */
  readonly 'cgroup-path': string;
  readonly 'systemd-cgroup': boolean;
}

function readStatus(stateFolder: string): CrunStatus | undefined {
  try {
    const status = JSON.parse(readFileSync(join(stateFolder, 'status'), 'utf8')) as Partial<CrunStatus>;
    const known =
      Number.isInteger(status.pid) &&
      Number.isInteger(status['process-start-time']) &&
      typeof status['cgroup-path'] === 'string' &&
      typeof status['systemd-cgroup'] === 'boolean';
    return known ? (status as CrunStatus) : undefined;
  } catch {
    return undefined; // half-written, or of another version
  }
}
