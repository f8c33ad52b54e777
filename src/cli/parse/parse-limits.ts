import type { ContainerLimits } from '../../engine/index.ts';
import { badOption } from './bad-option.ts';
import { parseSize } from './parse-size.ts';

/** The limit options of `run`, `create` and `update`, as typed. */
export interface LimitOptions {
  readonly memory?: string;
  readonly memoryReservation?: string;
  readonly memorySwap?: string;
  readonly cpus?: string;
  readonly cpuShares?: string;
  readonly cpusetCpus?: string;
  readonly pidsLimit?: string;
}

const smallestMemory = 6 * 1024 * 1024;

/** Limits from options; only what was given is there. Bounds are docker's (memory at least 6m, cpus at least 0.01). */
export function parseLimits(options: LimitOptions): ContainerLimits {
  const limits: { -readonly [key in keyof ContainerLimits]: ContainerLimits[key] } = {};
  if (options.memory !== undefined) limits.memoryBytes = parseMemory(options.memory);
  if (options.memoryReservation !== undefined) {
    limits.memoryReservationBytes = parseMemory(options.memoryReservation);
  }
  if (options.memorySwap !== undefined) {
    limits.memorySwapBytes = parseSize(options.memorySwap, { unlimited: true });
  }
  if (options.cpus !== undefined) limits.cpus = parseCpus(options.cpus);
  if (options.cpuShares !== undefined) limits.cpuShares = parseCount(options.cpuShares, 'cpu shares', 2);
  if (options.cpusetCpus !== undefined) limits.cpusetCpus = parseCpuset(options.cpusetCpus);
  if (options.pidsLimit !== undefined && !['-1', '0'].includes(options.pidsLimit)) {
    limits.pids = parseCount(options.pidsLimit, 'a number of processes', 1);
  }
  checkMemory(limits);
  return limits;
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
  if (memoryBytes === undefined)
    throw badOption('--memory-swap needs --memory', 'set both, swap as their sum');
  if (memorySwapBytes < memoryBytes) {
    throw badOption('--memory-swap is below --memory', 'it is the sum of memory and swap');
  }
}
