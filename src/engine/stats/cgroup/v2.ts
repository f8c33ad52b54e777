import type { ContainerSample } from '../types.ts';
import { flatKeyed, singleValue } from './flat-keyed.ts';

/** Reads one file of a controller's folder of the container; undefined if it is not there. */
export type ReadControllerFile = (controller: string, file: string) => string | undefined;

/** The counters that a cgroup controller has. */
export type CgroupCounters = Pick<ContainerSample, 'cpu' | 'memory' | 'blockIo' | 'pids' | 'pressure'>;

/**
 * Counters of cgroup v2 (kernel: Documentation/admin-guide/cgroup-v2.rst).
 *
 * - CPU: `usage_usec`, `throttled_usec`, `nr_throttled` of `nr_periods` in cpu.stat.
 * - Working set: memory.current - `inactive_file` of memory.stat, not below 0; docker/cli,
 *   cli/command/container/stats_helpers.go, calculateMemUsageUnixNoCache.
 * - `file` holds shmem too. `kernel` (Linux 5.18) else its parts.
 * - Peak: memory.peak (Linux 5.19). OOM kills: `oom_kill` of memory.events, which counts descendants too.
 * - Block I/O: `rbytes` and `wbytes` of io.stat over all devices.
 */
export function parseV2(read: ReadControllerFile): CgroupCounters | undefined {
  const cpuStat = read('cpu', 'cpu.stat');
  if (cpuStat === undefined) return undefined; // cpu.stat is there in every v2 cgroup: without it there is none
  const memoryStat = read('memory', 'memory.stat') ?? '';
  const usageBytes = singleValue(read('memory', 'memory.current')) ?? 0;
  const peakBytes = singleValue(read('memory', 'memory.peak'));
  const limitBytes = singleValue(read('memory', 'memory.max'));
  const pidsLimit = singleValue(read('pids', 'pids.max'));
  const pressure = parsePressures(name => read(name, `${name}.pressure`));
  return {
    cpu: {
      usageSeconds: (flatKeyed(cpuStat, 'usage_usec') ?? 0) / 1e6,
      throttledSeconds: (flatKeyed(cpuStat, 'throttled_usec') ?? 0) / 1e6,
      throttledPeriods: flatKeyed(cpuStat, 'nr_throttled') ?? 0,
      periods: flatKeyed(cpuStat, 'nr_periods') ?? 0,
    },
    memory: {
      usageBytes,
      workingSetBytes: Math.max(0, usageBytes - (flatKeyed(memoryStat, 'inactive_file') ?? 0)),
      anonBytes: flatKeyed(memoryStat, 'anon') ?? 0,
      fileBytes: flatKeyed(memoryStat, 'file') ?? 0,
      shmemBytes: flatKeyed(memoryStat, 'shmem') ?? 0,
      kernelBytes: flatKeyed(memoryStat, 'kernel') ?? kernelParts(memoryStat),
      oomKills: flatKeyed(read('memory', 'memory.events') ?? '', 'oom_kill') ?? 0,
      ...(peakBytes === undefined ? {} : { peakBytes }),
      ...(limitBytes === undefined ? {} : { limitBytes }),
    },
    blockIo: parseIoStat(read('io', 'io.stat') ?? ''),
    pids: {
      current: singleValue(read('pids', 'pids.current')) ?? 0,
      ...(pidsLimit === undefined ? {} : { limit: pidsLimit }),
    },
    ...(pressure === undefined ? {} : { pressure }),
  };
}

/**
 * `some avg10` of the three pressure files as shares 0..1 (kernel: Documentation/accounting/psi.rst); undefined
 * where the kernel has none (CONFIG_PSI off, cgroup v1).
 */
export function parsePressures(
  read: (name: 'cpu' | 'memory' | 'io') => string | undefined,
): { cpu: number; memory: number; io: number } | undefined {
  const cpu = someAvg10(read('cpu'));
  const memory = someAvg10(read('memory'));
  const io = someAvg10(read('io'));
  if (cpu === undefined || memory === undefined || io === undefined) return undefined;
  return { cpu, memory, io };
}

function someAvg10(text: string | undefined): number | undefined {
  const match = /^some avg10=([\d.]+)/.exec(text ?? '');
  return match === null ? undefined : Number(match[1]) / 100;
}

function parseIoStat(text: string): { readBytes: number; writeBytes: number } {
  let readBytes = 0;
  let writeBytes = 0;
  for (const match of text.matchAll(/\b([rw])bytes=(\d+)/g)) {
    if (match[1] === 'r') readBytes += Number(match[2]);
    else writeBytes += Number(match[2]);
  }
  return { readBytes, writeBytes };
}

function kernelParts(memoryStat: string): number {
  const parts = ['kernel_stack', 'pagetables', 'percpu', 'sock', 'vmalloc', 'slab'];
  return parts.reduce((sum, part) => sum + (flatKeyed(memoryStat, part) ?? 0), 0);
}
