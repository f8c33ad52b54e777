import { flatKeyed, singleValue } from './flat-keyed.ts';
import type { CgroupCounters, ReadControllerFile } from './v2.ts';

/** From this on a v1 limit means none: the kernel writes LONG_MAX rounded down to a page (mm/page_counter.c). */
const unlimitedFrom = 2 ** 62;

/**
 * Counters of cgroup v1 (kernel: Documentation/admin-guide/cgroup-v1/memory.rst, blkio-controller.rst).
 *
 * - CPU: cpuacct.usage in nanoseconds; throttling from cpu.stat (`throttled_time` in nanoseconds).
 * - Working set: memory.usage_in_bytes - `total_inactive_file`, not below 0; docker/cli,
 *   cli/command/container/stats_helpers.go, calculateMemUsageUnixNoCache.
 * - `total_cache` holds shmem too, like v2's `file`. Peak: memory.max_usage_in_bytes.
 * - Block I/O: Read and Write of blkio.throttle.io_service_bytes_recursive over all devices.
 * - No pressure: v1 has it for the whole machine only.
 */
export function parseV1(read: ReadControllerFile): CgroupCounters | undefined {
  const cpuUsage = singleValue(read('cpuacct', 'cpuacct.usage'));
  const usage = singleValue(read('memory', 'memory.usage_in_bytes'));
  if (cpuUsage === undefined && usage === undefined) return undefined;
  const usageBytes = usage ?? 0;
  const cpuStat = read('cpu', 'cpu.stat') ?? '';
  const memoryStat = read('memory', 'memory.stat') ?? '';
  const peakBytes = singleValue(read('memory', 'memory.max_usage_in_bytes'));
  const limitBytes = singleValue(read('memory', 'memory.limit_in_bytes')) ?? unlimitedFrom;
  const pidsLimit = singleValue(read('pids', 'pids.max'));
  return {
    cpu: {
      usageSeconds: (cpuUsage ?? 0) / 1e9,
      throttledSeconds: (flatKeyed(cpuStat, 'throttled_time') ?? 0) / 1e9,
      throttledPeriods: flatKeyed(cpuStat, 'nr_throttled') ?? 0,
      periods: flatKeyed(cpuStat, 'nr_periods') ?? 0,
    },
    memory: {
      usageBytes,
      workingSetBytes: Math.max(0, usageBytes - (flatKeyed(memoryStat, 'total_inactive_file') ?? 0)),
      anonBytes: flatKeyed(memoryStat, 'total_rss') ?? 0,
      fileBytes: flatKeyed(memoryStat, 'total_cache') ?? 0,
      shmemBytes: flatKeyed(memoryStat, 'total_shmem') ?? 0,
      kernelBytes: singleValue(read('memory', 'memory.kmem.usage_in_bytes')) ?? 0,
      oomKills: flatKeyed(read('memory', 'memory.oom_control') ?? '', 'oom_kill') ?? 0,
      ...(peakBytes === undefined ? {} : { peakBytes }),
      ...(limitBytes >= unlimitedFrom ? {} : { limitBytes }),
    },
    blockIo: parseServiceBytes(
      read('blkio', 'blkio.throttle.io_service_bytes_recursive') ??
        read('blkio', 'blkio.throttle.io_service_bytes') ??
        '',
    ),
    pids: {
      current: singleValue(read('pids', 'pids.current')) ?? 0,
      ...(pidsLimit === undefined ? {} : { limit: pidsLimit }),
    },
  };
}

function parseServiceBytes(text: string): { readBytes: number; writeBytes: number } {
  let readBytes = 0;
  let writeBytes = 0;
  for (const match of text.matchAll(/^\d+:\d+ (Read|Write) (\d+)$/gm)) {
    if (match[1] === 'Read') readBytes += Number(match[2]);
    else writeBytes += Number(match[2]);
  }
  return { readBytes, writeBytes };
}
