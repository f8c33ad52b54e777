import { join } from 'node:path';
import { processesOf } from '../kernel/index.ts';
import { readOnce } from './kept-files.ts';
import type { ContainerSample } from './types.ts';

const ticksPerSecond = 100; // USER_HZ, fixed on every Linux that Node runs on

/**
 * Counters of a container without a cgroup, summed over its processes (proc(5)); undefined if it is gone. What a child
 * has used counts for its parent once that has waited for it, so the sums grow as those of a cgroup do. Nothing is
 * limited, and the kernel's own memory and file cache are nobody's.
 */
export function processCounters(
  init: number,
  proc: string,
): Omit<ContainerSample, 'id' | 'time' | 'network'> | undefined {
  const found = processesOf(init, proc).flatMap(pid => readProcess(join(proc, String(pid))) ?? []);
  if (found.length === 0) return undefined;
  const sum = (of: (process: ProcessCounters) => number) =>
    found.reduce((total, process) => total + of(process), 0);
  const residentBytes = sum(({ bytes }) => bytes('Pss'));
  return {
    cpu: {
      usageSeconds: sum(({ seconds }) => seconds),
      throttledSeconds: 0,
      throttledPeriods: 0,
      periods: 0,
    },
    memory: {
      usageBytes: residentBytes,
      workingSetBytes: residentBytes,
      anonBytes: sum(({ bytes }) => bytes('Pss_Anon')),
      fileBytes: sum(({ bytes }) => bytes('Pss_File')),
      shmemBytes: sum(({ bytes }) => bytes('Pss_Shmem')),
      kernelBytes: 0,
      oomKills: 0,
    },
    blockIo: {
      readBytes: sum(({ readBytes }) => readBytes),
      writeBytes: sum(({ writeBytes }) => writeBytes),
    },
    pids: { current: found.length },
  };
}

interface ProcessCounters {
  /** Of its own and of those that it has waited for. */
  readonly seconds: number;
  readonly bytes: (kind: string) => number;
  readonly readBytes: number;
  readonly writeBytes: number;
}

function readProcess(folder: string): ProcessCounters | undefined {
  const stat = readOnce(join(folder, 'stat'));
  const memory = readOnce(join(folder, 'smaps_rollup')) ?? '';
  const io = readOnce(join(folder, 'io')) ?? '';
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = [14, 15, 16, 17].reduce((total, field) => total + Number(fields[field - 3]), 0); // as in proc(5)
  const number = (text: string, name: string) =>
    Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return {
    seconds: ticks / ticksPerSecond,
    bytes: kind => number(memory, kind) * 1024,
    readBytes: number(io, 'read_bytes'),
    writeBytes: number(io, 'write_bytes'),
  };
}
