import { PlimsollError } from '../../../errors.ts';
import type { HostFeatures, LimitFeature } from './host-features.ts';
import type { OciResources, OciThrottle } from './oci-spec.ts';

/** Cgroup limits of one process tree; absent means unlimited. */
export interface ContainerLimits {
  /** -1, in a change: no limit any more. */
  readonly memoryBytes?: number;
  /** Soft: what is set apart for it. */
  readonly memoryReservationBytes?: number;
  /** Memory plus swap; -1: unlimited swap. */
  readonly memorySwapBytes?: number;
  /** How readily its memory is swapped, 0 to 100; cgroup v1 only. */
  readonly memorySwappiness?: number;
  /** Wait for memory instead of killing; cgroup v1 only. */
  readonly oomKillDisable?: boolean;
  /** Cores, such as 1.5. */
  readonly cpus?: number;
  readonly cpuShares?: number;
  /** The same as `cpus` in the scheduler's own terms, in microseconds. */
  readonly cpuQuota?: number;
  readonly cpuPeriod?: number;
  /** For real-time processes, in microseconds; cgroup v1 only. */
  readonly cpuRealtimeRuntime?: number;
  readonly cpuRealtimePeriod?: number;
  readonly cpusetCpus?: string;
  /** Memory nodes. */
  readonly cpusetMems?: string;
  readonly pids?: number;
  /** Share of block I/O where it is contended, 10 to 1000. */
  readonly blockWeight?: number;
  readonly blockWeightDevices?: readonly DeviceRate[];
  /** Bytes, and operations, per second. */
  readonly deviceReadBytes?: readonly DeviceRate[];
  readonly deviceWriteBytes?: readonly DeviceRate[];
  readonly deviceReadOperations?: readonly DeviceRate[];
  readonly deviceWriteOperations?: readonly DeviceRate[];
  /** Files of cgroup v2, such as `memory.high`, and what to write into them. */
  readonly unified?: Readonly<Record<string, string>>;
}

/** A figure for one device. */
export interface DeviceRate {
  /** Its path on the host. */
  readonly path: string;
  readonly rate: number;
}

/** Checks limits by Docker's rules; throws `invalid-argument` (`LIMIT_INVALID`). `cores`: those of the machine. */
export function validateLimits(limits: ContainerLimits, cores: number): void {
  validateMemory(limits);
  validateCpu(limits, cores);
  const { pids, blockWeight, blockWeightDevices = [] } = limits;
  if (pids !== undefined && !(pids === -1 || (Number.isInteger(pids) && pids > 0))) {
    throw invalid(`a limit of ${pids} processes makes no sense`, 'use a number above 0, or -1 for no limit');
  }
  const weights = [blockWeight, ...blockWeightDevices.map(({ rate }) => rate)];
  const wrong = weights.find(
    weight => weight !== undefined && weight !== 0 && !(weight >= 10 && weight <= 1000),
  );
  if (wrong !== undefined)
    throw invalid(`a weight of ${wrong} for block I/O is out of range`, 'the range is 10 to 1000');
  for (const name of Object.keys(limits.unified ?? {})) {
    if (!/^[a-z0-9_]+(\.[A-Za-z0-9_]+)+$/.test(name))
      throw invalid(`"${name}" is no file of a cgroup`, 'write NAME=VALUE, as in memory.high=512M');
  }
}

function validateMemory(limits: ContainerLimits): void {
  const { memoryBytes, memoryReservationBytes, memorySwapBytes, memorySwappiness } = limits;
  const MiB = 1024 * 1024;
  if (memoryBytes !== undefined && memoryBytes !== -1 && !(memoryBytes >= 6 * MiB)) {
    throw invalid(`a memory limit of ${memoryBytes} bytes is too low`, 'the least that works is 6m');
  }
  if (memoryReservationBytes !== undefined && !(memoryReservationBytes >= 6 * MiB)) {
    throw invalid(`a memory reservation of ${memoryReservationBytes} bytes is too low`, 'the least is 6m');
  }
  if (memoryBytes !== undefined && memoryBytes !== -1 && (memoryReservationBytes ?? 0) > memoryBytes) {
    throw invalid(
      'the memory reservation is above the memory limit',
      'lower the reservation, or raise the limit',
    );
  }
  if (memorySwapBytes !== undefined && memorySwapBytes !== -1) {
    if (memoryBytes === undefined) {
      throw invalid(
        'a swap limit needs a memory limit',
        'set --memory too: --memory-swap is memory plus swap',
      );
    }
    if (!(memorySwapBytes >= memoryBytes)) {
      throw invalid('the limit of memory plus swap is below the memory limit', 'raise --memory-swap');
    }
  }
  if (memorySwappiness !== undefined && !(memorySwappiness >= 0 && memorySwappiness <= 100)) {
    throw invalid(`a swappiness of ${memorySwappiness} is out of range`, 'the range is 0 to 100');
  }
}

function validateCpu(limits: ContainerLimits, cores: number): void {
  const { cpus, cpuShares, cpuQuota, cpuPeriod, cpusetCpus, cpusetMems } = limits;
  if (cpus !== undefined && !(cpus >= 0.01 && cpus <= cores)) {
    throw invalid(`${cpus} CPUs cannot be given`, `this machine has ${cores}; the range is 0.01 to ${cores}`);
  }
  if (cpus !== undefined && (cpuQuota !== undefined || cpuPeriod !== undefined)) {
    throw invalid('the number of CPUs and a quota of time say the same', 'leave one of them out');
  }
  if (cpuShares !== undefined && !(cpuShares >= 2 && cpuShares <= 262144)) {
    throw invalid(`CPU shares of ${cpuShares} are out of range`, 'the range is 2 to 262144, the usual 1024');
  }
  if (cpuPeriod !== undefined && !(cpuPeriod >= 1000 && cpuPeriod <= 1_000_000)) {
    throw invalid(
      `a CPU period of ${cpuPeriod} is out of range`,
      'the range is 1000 to 1000000 microseconds',
    );
  }
  if (cpuQuota !== undefined && cpuQuota !== -1 && !(cpuQuota >= 1000)) {
    throw invalid(`a CPU quota of ${cpuQuota} is too low`, 'the least is 1000 microseconds, -1 for no limit');
  }
  if (cpusetCpus !== undefined && !isCpuList(cpusetCpus, cores)) {
    throw invalid(
      `"${cpusetCpus}" is no list of this machine's CPUs`,
      `use numbers from 0 to ${cores - 1}: 0-1,3`,
    );
  }
  if (cpusetMems !== undefined && !isCpuList(cpusetMems, Number.POSITIVE_INFINITY)) {
    throw invalid(`"${cpusetMems}" is no list of memory nodes`, 'use numbers: 0-1,3');
  }
}

/** What limits depend on besides themselves. */
export interface LimitHost {
  readonly swapAccounting: boolean;
  readonly can: HostFeatures['can'];
  readonly cgroup: HostFeatures['cgroup'];
}

/** The number of a block device; throws for what is none. */
export type DeviceNumber = (path: string) => { readonly major: number; readonly minor: number };

/**
 * Limits as `linux.resources`; the runtime translates them for cgroup v1 or v2. Docker's swap rule: with a memory
 * limit and nothing said about swap, as much swap as memory. What this kernel cannot limit is left out, with a warning
 * if it was asked for.
 */
export function limitsToResources(
  limits: ContainerLimits,
  host: LimitHost,
  deviceNumber: DeviceNumber,
): { readonly resources: OciResources; readonly warnings: readonly string[] } {
  if (host.cgroup === 'none') return { resources: {}, warnings: withoutCgroups(limits) };
  const warnings: string[] = [];
  const can = (feature: LimitFeature, what: string) => {
    if (host.can[feature]) return true;
    warnings.push(`${what} is left out: this kernel has no such limit`);
    return false;
  };
  const parts = {
    memory: memoryOf(limits, host, can),
    cpu: cpuOf(limits, can),
    blockIO: blockOf(limits, deviceNumber, can),
  };
  if (limits.memorySwapBytes !== undefined && !host.swapAccounting) {
    warnings.push('the swap limit is left out: this kernel does not account swap to cgroups');
  }
  const { pids, unified = {} } = limits;
  const hasUnified = Object.keys(unified).length > 0;
  if (hasUnified && host.cgroup !== 'v2') {
    warnings.push(`${Object.keys(unified).join(', ')} left out: this machine has no cgroup v2`);
  }
  const filled = Object.fromEntries(Object.entries(parts).filter(([, part]) => Object.keys(part).length > 0));
  return {
    resources: {
      ...filled,
      ...(pids === undefined || pids === -1 ? {} : { pids: { limit: pids } }),
      ...(hasUnified && host.cgroup === 'v2' ? { unified } : {}),
    },
    warnings,
  };
}

function withoutCgroups(limits: ContainerLimits): string[] {
  const asked = Object.values(limits).some(limit => limit !== undefined && limit !== -1);
  if (!asked) return [];
  return [
    'the limits are left out: an ordinary user can limit nothing on this machine (see plimsoll doctor)',
  ];
}

type Can = (feature: LimitFeature, what: string) => boolean;

function memoryOf(limits: ContainerLimits, host: LimitHost, can: Can): NonNullable<OciResources['memory']> {
  const { memoryBytes, memoryReservationBytes, memorySwappiness, oomKillDisable } = limits;
  const swap = swapOf(limits);
  const reserves = memoryReservationBytes !== undefined && can('memoryReservation', 'the memory reservation');
  return {
    ...(memoryBytes === undefined ? {} : { limit: memoryBytes }),
    ...(reserves ? { reservation: memoryReservationBytes } : {}),
    ...(swap === undefined || !host.swapAccounting ? {} : { swap }),
    ...(memorySwappiness !== undefined && can('swappiness', 'the swappiness')
      ? { swappiness: memorySwappiness }
      : {}),
    ...(oomKillDisable && can('oomKillDisable', 'that nothing is killed for lack of memory')
      ? { disableOOMKiller: true }
      : {}),
  };
}

function cpuOf(limits: ContainerLimits, can: Can): NonNullable<OciResources['cpu']> {
  const { cpus, cpuShares, cpusetCpus, cpusetMems, cpuRealtimeRuntime, cpuRealtimePeriod } = limits;
  const period = limits.cpuPeriod ?? 100_000; // microseconds, the kernel's default
  const asked = cpus === undefined ? limits.cpuQuota : Math.round(cpus * period);
  const quota = asked === -1 ? undefined : asked; // crun writes -1 as 2^64-1; see `unlimitCpu`
  const realtime =
    (cpuRealtimeRuntime !== undefined || cpuRealtimePeriod !== undefined) &&
    can('realtime', 'the real-time limit');
  return {
    ...(cpuShares === undefined ? {} : { shares: cpuShares }),
    ...(quota === undefined && limits.cpuPeriod === undefined ? {} : { period }),
    ...(quota === undefined ? {} : { quota }),
    ...(realtime && cpuRealtimeRuntime !== undefined ? { realtimeRuntime: cpuRealtimeRuntime } : {}),
    ...(realtime && cpuRealtimePeriod !== undefined ? { realtimePeriod: cpuRealtimePeriod } : {}),
    ...(cpusetCpus === undefined ? {} : { cpus: cpusetCpus }),
    ...(cpusetMems === undefined ? {} : { mems: cpusetMems }),
  };
}

function blockOf(
  limits: ContainerLimits,
  deviceNumber: DeviceNumber,
  can: Can,
): NonNullable<OciResources['blockIO']> {
  const throttles = (rates: readonly DeviceRate[] | undefined, what: string): OciThrottle[] => {
    if (!rates?.length || !can('blockThrottle', what)) return [];
    return rates.map(({ path, rate }) => ({ ...deviceNumber(path), rate }));
  };
  const { blockWeight, blockWeightDevices = [] } = limits;
  const weighs =
    (blockWeight !== undefined || blockWeightDevices.length > 0) &&
    can('blockWeight', 'the weight of block I/O');
  const lists = {
    throttleReadBpsDevice: throttles(limits.deviceReadBytes, 'the limit of reading'),
    throttleWriteBpsDevice: throttles(limits.deviceWriteBytes, 'the limit of writing'),
    throttleReadIOPSDevice: throttles(limits.deviceReadOperations, 'the limit of read operations'),
    throttleWriteIOPSDevice: throttles(limits.deviceWriteOperations, 'the limit of write operations'),
    weightDevice: weighs
      ? blockWeightDevices.map(({ path, rate }) => ({ ...deviceNumber(path), weight: rate }))
      : [],
  };
  const filled = Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
  return { ...(weighs && blockWeight ? { weight: blockWeight } : {}), ...filled };
}

function swapOf({ memoryBytes, memorySwapBytes }: ContainerLimits): number | undefined {
  if (memoryBytes === -1) return -1; // the kernel refuses a limit of the two below that of one
  if (memorySwapBytes !== undefined) return memorySwapBytes;
  return memoryBytes === undefined ? undefined : 2 * memoryBytes;
}

function isCpuList(text: string, cores: number): boolean {
  return text.split(',').every(part => {
    const range = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (range === null) return false;
    const first = Number(range[1]);
    const last = Number(range[2] ?? range[1]);
    return first <= last && last < cores;
  });
}

function invalid(message: string, hint: string): PlimsollError {
  return new PlimsollError('invalid-argument', message, { code: 'LIMIT_INVALID', hint });
}
