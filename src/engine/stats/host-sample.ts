import { parsePressures } from './cgroup/v2.ts';
import type { HostSample } from './types.ts';

/** Texts of the files under /proc that a host sample is made from. */
export interface HostFiles {
  readonly stat: string;
  readonly meminfo: string;
  readonly loadavg: string;
  readonly pressure: (name: 'cpu' | 'memory' | 'io') => string | undefined;
}

/** Ticks of a second in /proc/stat: USER_HZ, 100 on every architecture that Linux still supports. */
const ticksPerSecond = 100;

/**
 * The machine's counters.
 *
 * - Busy: user + nice + system + irq + softirq of /proc/stat, see proc(5). `user` and `nice` hold the time of guests
 *   (kernel/sched/cputime.c, account_guest_time), so `guest` and `guest_nice` are not added again. Steal, what the
 *   hypervisor gave to others, is kept apart. iowait is idle time.
 * - Available: MemAvailable; where it lacks (Linux < 3.14, some container hosts): free + buffers + cached +
 *   reclaimable slab - shared memory, which cannot be dropped.
 * - Kernel: unreclaimable slab, stacks, page tables and per-CPU memory, see proc_meminfo(5).
 * - Cache: buffers + cached + reclaimable slab - shared memory, as free(1) shows it.
 */
export function parseHostSample(files: HostFiles, time: number): HostSample {
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = cpuTicks(
    files.stat,
  );
  const memory = meminfo(files.meminfo);
  const cacheBytes = Math.max(
    0,
    memory('Buffers') + memory('Cached') + memory('SReclaimable') - memory('Shmem'),
  );
  const available = memory('MemAvailable') || memory('MemFree') + cacheBytes;
  const pressure = parsePressures(files.pressure);
  return {
    time,
    cores: files.stat.match(/^cpu\d+ /gm)?.length ?? 1,
    cpu: {
      busySeconds: (user + nice + system + irq + softirq) / ticksPerSecond,
      idleSeconds: (idle + iowait) / ticksPerSecond,
      stealSeconds: steal / ticksPerSecond,
    },
    memory: {
      totalBytes: memory('MemTotal'),
      availableBytes: Math.min(available, memory('MemTotal')),
      cacheBytes,
      kernelBytes: memory('SUnreclaim') + memory('KernelStack') + memory('PageTables') + memory('Percpu'),
      swapTotalBytes: memory('SwapTotal'),
      swapFreeBytes: memory('SwapFree'),
    },
    loadAverage: loads(files.loadavg),
    ...(pressure === undefined ? {} : { pressure }),
  };
}

function cpuTicks(stat: string): number[] {
  const line = /^cpu +(.*)$/m.exec(stat)?.[1] ?? '';
  return line.split(' ').map(Number);
}

function meminfo(text: string): (field: string) => number {
  const fields = new Map<string, number>();
  for (const match of text.matchAll(/^(\w+): +(\d+) kB$/gm)) {
    fields.set(match[1] ?? '', Number(match[2]) * 1024);
  }
  return field => fields.get(field) ?? 0;
}

function loads(loadavg: string): [number, number, number] {
  const [one = 0, five = 0, fifteen = 0] = loadavg.split(' ').map(Number);
  return [one, five, fifteen];
}
