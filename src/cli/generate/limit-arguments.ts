import type { ContainerLimits } from '../../engine/index.ts';
import { formatSize } from '../parse/parse-size.ts';
import type { Argument } from './argument.ts';

/** Limits as options of `create`; `parseLimits` reads them back. */
export function limitArguments(limits: ContainerLimits): Argument[] {
  const size = (bytes: number | undefined) => (bytes === undefined ? undefined : formatSize(bytes));
  const single: readonly (readonly [string, string | number | undefined])[] = [
    ['--memory', size(limits.memoryBytes)],
    ['--memory-reservation', size(limits.memoryReservationBytes)],
    ['--memory-swap', size(limits.memorySwapBytes)],
    ['--memory-swappiness', limits.memorySwappiness],
    ['--cpus', limits.cpus],
    ['--cpu-shares', limits.cpuShares],
    ['--cpu-period', limits.cpuPeriod],
    ['--cpu-quota', limits.cpuQuota],
    ['--cpu-rt-period', limits.cpuRealtimePeriod],
    ['--cpu-rt-runtime', limits.cpuRealtimeRuntime],
    ['--cpuset-cpus', limits.cpusetCpus],
    ['--cpuset-mems', limits.cpusetMems],
    ['--pids-limit', limits.pids],
    ['--blkio-weight', limits.blockWeight],
  ];
  const perDevice = {
    '--blkio-weight-device': limits.blockWeightDevices,
    '--device-read-bps': limits.deviceReadBytes,
    '--device-write-bps': limits.deviceWriteBytes,
    '--device-read-iops': limits.deviceReadOperations,
    '--device-write-iops': limits.deviceWriteOperations,
  };
  return [
    ...single.flatMap(([flag, value]) => (value === undefined ? [] : [[flag, String(value)] as const])),
    ...(limits.oomKillDisable ? [['--oom-kill-disable'] as const] : []),
    ...Object.entries(perDevice).flatMap(([flag, rates = []]) =>
      rates.map(({ path, rate }) => [flag, `${path}:${rate}`] as const),
    ),
    ...Object.entries(limits.unified ?? {}).map(
      ([name, value]) => ['--cgroup-conf', `${name}=${value}`] as const,
    ),
  ];
}
