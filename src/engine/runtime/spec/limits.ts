import { PlimsollError } from '../../../errors.ts';
import type { OciResources } from './oci-spec.ts';

/** Cgroup limits of one process tree; absent means unlimited. */
export interface ContainerLimits {
  readonly memoryBytes?: number;
  /** Soft: what is set apart for it. */
  readonly memoryReservationBytes?: number;
  /** Memory plus swap; -1: unlimited swap. */
  readonly memorySwapBytes?: number;
  /** Cores, such as 1.5. */
  readonly cpus?: number;
  readonly cpuShares?: number;
  readonly cpusetCpus?: string;
  readonly pids?: number;
}

/** Checks limits by Docker's rules; throws `invalid-argument` (`LIMIT_INVALID`). `cores`: those of the machine. */
export function validateLimits(limits: ContainerLimits, cores: number): void {
  const { memoryBytes, memoryReservationBytes, memorySwapBytes, cpus, cpuShares, cpusetCpus, pids } = limits;
  const MiB = 1024 * 1024;
  if (memoryBytes !== undefined && !(memoryBytes >= 6 * MiB)) {
    throw invalid(`a memory limit of ${memoryBytes} bytes is too low`, 'the least that works is 6m');
  }
  if (memoryReservationBytes !== undefined && !(memoryReservationBytes >= 6 * MiB)) {
    throw invalid(`a memory reservation of ${memoryReservationBytes} bytes is too low`, 'the least is 6m');
  }
  if (memoryBytes !== undefined && (memoryReservationBytes ?? 0) > memoryBytes) {
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
  if (cpus !== undefined && !(cpus >= 0.01 && cpus <= cores)) {
    throw invalid(`${cpus} CPUs cannot be given`, `this machine has ${cores}; the range is 0.01 to ${cores}`);
  }
  if (cpuShares !== undefined && !(cpuShares >= 2 && cpuShares <= 262144)) {
    throw invalid(`CPU shares of ${cpuShares} are out of range`, 'the range is 2 to 262144, the usual 1024');
  }
  if (cpusetCpus !== undefined && !isCpuList(cpusetCpus, cores)) {
    throw invalid(
      `"${cpusetCpus}" is no list of this machine's CPUs`,
      `use numbers from 0 to ${cores - 1}: 0-1,3`,
    );
  }
  if (pids !== undefined && !(pids === -1 || (Number.isInteger(pids) && pids > 0))) {
    throw invalid(`a limit of ${pids} processes makes no sense`, 'use a number above 0, or -1 for no limit');
  }
}

/**
 * Limits as `linux.resources`; the runtime translates them for cgroup v1 or v2. Docker's swap rule: with a memory
 * limit and nothing said about swap, as much swap as memory. Without swap accounting in the kernel the swap part is
 * left out, with a warning if it was asked for.
 */
export function limitsToResources(
  limits: ContainerLimits,
  host: { readonly swapAccounting: boolean },
): { readonly resources: OciResources; readonly warnings: readonly string[] } {
  const { memoryBytes, memoryReservationBytes, cpus, cpuShares, cpusetCpus, pids } = limits;
  const period = 100_000; // microseconds, the kernel's default
  const swap = swapOf(limits);
  const memory = {
    ...(memoryBytes === undefined ? {} : { limit: memoryBytes }),
    ...(memoryReservationBytes === undefined ? {} : { reservation: memoryReservationBytes }),
    ...(swap === undefined || !host.swapAccounting ? {} : { swap }),
  };
  const cpu = {
    ...(cpuShares === undefined ? {} : { shares: cpuShares }),
    ...(cpus === undefined ? {} : { quota: Math.round(cpus * period), period }),
    ...(cpusetCpus === undefined ? {} : { cpus: cpusetCpus }),
  };
  return {
    resources: {
      ...(Object.keys(memory).length === 0 ? {} : { memory }),
      ...(Object.keys(cpu).length === 0 ? {} : { cpu }),
      ...(pids === undefined || pids === -1 ? {} : { pids: { limit: pids } }),
    },
    warnings:
      limits.memorySwapBytes !== undefined && !host.swapAccounting
        ? ['the swap limit is left out: this kernel does not account swap to cgroups']
        : [],
  };
}

function swapOf({ memoryBytes, memorySwapBytes }: ContainerLimits): number | undefined {
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
