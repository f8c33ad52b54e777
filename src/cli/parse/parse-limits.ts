import type { ContainerLimits } from '../../engine/index.ts';
import { badOption } from './bad-option.ts';
import { parsePairs } from './parse-pairs.ts';
import { parseSize } from './parse-size.ts';

/** The limit options of `run`, `create` and `update`, as typed. */
export interface LimitOptions {
  readonly memory?: string;
  readonly memoryReservation?: string;
  readonly memorySwap?: string;
  readonly memorySwappiness?: string;
  readonly oomKillDisable?: true;
  readonly cpus?: string;
  readonly cpuShares?: string;
  readonly cpuPeriod?: string;
  readonly cpuQuota?: string;
  readonly cpuRtPeriod?: string;
  readonly cpuRtRuntime?: string;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly pidsLimit?: string;
  readonly blkioWeight?: string;
  readonly blkioWeightDevice?: readonly string[];
  readonly deviceReadBps?: readonly string[];
  readonly deviceWriteBps?: readonly string[];
  readonly deviceReadIops?: readonly string[];
  readonly deviceWriteIops?: readonly string[];
  readonly cgroupConf?: readonly string[];
}

const smallestMemory = 6 * 1024 * 1024;

/** Limits from options; only what was given is there. Bounds are docker's (memory at least 6m, cpus at least 0.01). */
export function parseLimits(options: LimitOptions): ContainerLimits {
  const limits = { ...memoryLimits(options), ...cpuLimits(options), ...blockLimits(options) };
  const { pidsLimit, cgroupConf } = options;
  if (pidsLimit !== undefined) {
    limits.pids = ['-1', '0'].includes(pidsLimit) ? -1 : parseCount(pidsLimit, 'a number of processes', 1);
  }
  if (cgroupConf !== undefined) limits.unified = parsePairs(cgroupConf, '--cgroup-conf');
  checkMemory(limits);
  return limits;
}

type Limits = { -readonly [key in keyof ContainerLimits]: ContainerLimits[key] };

function memoryLimits(options: LimitOptions): Limits {
  const limits: Limits = {};
  if (options.memory !== undefined) limits.memoryBytes = parseMemory(options.memory);
  if (options.memoryReservation !== undefined) {
    limits.memoryReservationBytes = parseMemory(options.memoryReservation);
  }
  if (options.memorySwap !== undefined) {
    limits.memorySwapBytes = parseSize(options.memorySwap, { unlimited: true });
  }
  if (options.memorySwappiness !== undefined && options.memorySwappiness !== '-1') {
    limits.memorySwappiness = parseCount(options.memorySwappiness, 'a swappiness', 0);
  }
  if (options.oomKillDisable) limits.oomKillDisable = true;
  return limits;
}

function cpuLimits(options: LimitOptions): Limits {
  const limits: Limits = {};
  const count = (key: keyof LimitOptions, what: string, least: number) => {
    const text = options[key];
    return typeof text === 'string' ? parseCount(text, what, least) : undefined;
  };
  if (options.cpus !== undefined) limits.cpus = parseCpus(options.cpus);
  if (options.cpusetCpus !== undefined) limits.cpusetCpus = parseCpuset(options.cpusetCpus);
  if (options.cpusetMems !== undefined) limits.cpusetMems = parseCpuset(options.cpusetMems);
  const numbers = {
    cpuShares: count('cpuShares', 'cpu shares', 2),
    cpuPeriod: count('cpuPeriod', 'a period in microseconds', 1000),
    cpuQuota: options.cpuQuota === '-1' ? -1 : count('cpuQuota', 'a quota in microseconds', 1000),
    cpuRealtimePeriod: count('cpuRtPeriod', 'a period in microseconds', 0),
    cpuRealtimeRuntime: count('cpuRtRuntime', 'a time in microseconds', 0),
  };
  return {
    ...limits,
    ...Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined)),
  };
}

function blockLimits(options: LimitOptions): Limits {
  const limits: Limits = {};
  const rates = (values: readonly string[] | undefined, read: (text: string) => number) =>
    values?.map(text => parseRate(text, read));
  const count = (text: string) => parseCount(text, 'a rate', 1);
  if (options.blkioWeight !== undefined && options.blkioWeight !== '0') {
    limits.blockWeight = parseCount(options.blkioWeight, 'a weight', 10);
  }
  const lists = {
    blockWeightDevices: rates(options.blkioWeightDevice, count),
    deviceReadBytes: rates(options.deviceReadBps, text => parseSize(text)),
    deviceWriteBytes: rates(options.deviceWriteBps, text => parseSize(text)),
    deviceReadOperations: rates(options.deviceReadIops, count),
    deviceWriteOperations: rates(options.deviceWriteIops, count),
  };
  return { ...limits, ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list !== undefined)) };
}

/** `PATH:NUMBER`. */
function parseRate(text: string, read: (text: string) => number): { path: string; rate: number } {
  const [, path, number] = /^(\/[^:]+):([^:]+)$/.exec(text) ?? [];
  if (path === undefined || number === undefined) {
    throw badOption(`"${text}" is no figure for a device`, 'write PATH:NUMBER, as in /dev/sda:1mb');
  }
  return { path, rate: read(number) };
}

/** A whole number from `least` up. */
export function parseCount(text: string, what: string, least: number): number {
  if (!/^\d+$/.test(text) || Number(text) < least || !Number.isSafeInteger(Number(text))) {
    throw badOption(`"${text}" cannot be ${what}`, `it takes a whole number from ${least} up`);
  }
  return Number(text);
}

function parseMemory(text: string): number {
  const bytes = parseSize(text);
  if (bytes < smallestMemory) throw badOption(`"${text}" is too little memory`, 'the least is 6m');
  return bytes;
}

function parseCpus(text: string): number {
  if (!/^(\d+\.?\d*|\.\d+)$/.test(text) || Number(text) < 0.01) {
    throw badOption(`"${text}" is not a number of cpus`, 'write it as in 0.5 or 2; the least is 0.01');
  }
  return Number(text);
}

function parseCpuset(text: string): string {
  const valid = text.split(',').every(part => {
    const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    return first !== undefined && Number(last ?? first) >= Number(first);
  });
  if (!valid) throw badOption(`"${text}" is not a set of cpus`, 'write it as in 0-2,4');
  return text;
}

function checkMemory({ memoryBytes, memoryReservationBytes, memorySwapBytes }: ContainerLimits): void {
  if (memoryBytes !== undefined && (memoryReservationBytes ?? 0) > memoryBytes) {
    throw badOption('--memory-reservation is above --memory', 'reserve at most the limit');
  }
  if (memorySwapBytes === undefined || memorySwapBytes === -1) return;
  if (memoryBytes !== undefined && memorySwapBytes < memoryBytes) {
    throw badOption('--memory-swap is below --memory', 'it is the sum of memory and swap');
  }
}
