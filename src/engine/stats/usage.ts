import type { ContainerSample, ContainerUsage, HostSample, HostUsage } from './types.ts';

/**
 * What a container uses, from two samples of it (one sample: rates are 0).
 *
 * - Cores = growth of its CPU time / time between the samples. Docker's percentage is the same figure times 100
 *   (docker/cli, cli/command/container/stats_helpers.go: cpuDelta / systemDelta * onlineCPUs * 100).
 * - A counter that went back has started anew (the container was restarted): its rate is 0 for that frame.
 */
export function containerUsage(
  previous: ContainerSample | undefined,
  sample: ContainerSample,
  host: HostSample,
): ContainerUsage {
  const seconds = previous === undefined ? 0 : (sample.time - previous.time) / 1000;
  const rate = (now: number | undefined, before: number | undefined) =>
    seconds > 0 ? growth(now, before) / seconds : 0;
  const cpuCores = rate(sample.cpu.usageSeconds, previous?.cpu.usageSeconds);
  const periods = growth(sample.cpu.periods, previous?.cpu.periods);
  const throttled = growth(sample.cpu.throttledPeriods, previous?.cpu.throttledPeriods);
  const total = host.memory.totalBytes;
  return {
    id: sample.id,
    time: sample.time,
    cpuCores,
    cpuPercentOfHost: (cpuCores / host.cores) * 100,
    cpuPercent: cpuCores * 100,
    throttledShare: periods === 0 ? 0 : Math.min(1, throttled / periods),
    memory: sample.memory,
    memoryPercentOfHost: total === 0 ? 0 : (sample.memory.workingSetBytes / total) * 100,
    networkRxPerSecond: rate(sample.network?.rxBytes, previous?.network?.rxBytes),
    networkTxPerSecond: rate(sample.network?.txBytes, previous?.network?.txBytes),
    blockReadPerSecond: rate(sample.blockIo.readBytes, previous?.blockIo.readBytes),
    blockWritePerSecond: rate(sample.blockIo.writeBytes, previous?.blockIo.writeBytes),
    sample,
  };
}

/**
 * What the machine uses, from two samples (one sample: cores are 0). Busy cores = cores * growth of busy time / growth
 * of all time, so that rounding of ticks never makes more than there are.
 */
export function hostUsage(previous: HostSample | undefined, sample: HostSample): HostUsage {
  const busy = growth(sample.cpu.busySeconds, previous?.cpu.busySeconds);
  const idle = growth(sample.cpu.idleSeconds, previous?.cpu.idleSeconds);
  const steal = growth(sample.cpu.stealSeconds, previous?.cpu.stealSeconds);
  const all = busy + idle + steal;
  const coresOf = (part: number) => (all === 0 ? 0 : (sample.cores * part) / all);
  return {
    time: sample.time,
    cores: sample.cores,
    cpuCores: coresOf(busy),
    stealCores: coresOf(steal),
    memoryTotalBytes: sample.memory.totalBytes,
    memoryUsedBytes: sample.memory.totalBytes - sample.memory.availableBytes,
    sample,
  };
}

/** How much a counter grew; 0 if one of the two is missing or it went back. */
function growth(now: number | undefined, before: number | undefined): number {
  return now === undefined || before === undefined ? 0 : Math.max(0, now - before);
}
