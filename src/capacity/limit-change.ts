import type { ContainerLimits, LimitRequest } from '../engine/index.ts';
import { formatBytes } from '../lib/format-bytes.ts';
import { formatCores } from '../lib/format-cores.ts';
import type { Advice } from './advise.ts';
import type { AdvisedContainer } from './advise-all.ts';
import { coreLimit } from './core-limit.ts';

/**
 * What has to change in limits for a container to have what is advised; undefined without advice. A swap limit keeps
 * its distance from that of memory, and a reservation that would be above the limit is lowered to it.
 */
export function limitChange(limits: ContainerLimits, { cpu, memory }: Advice): ContainerLimits | undefined {
  if (cpu === undefined || memory === undefined) return undefined;
  const { memoryBytes = 0, memorySwapBytes = -1, memoryReservationBytes = 0 } = limits;
  const swap = memorySwapBytes - memoryBytes;
  return {
    cpus: cpu.needed,
    memoryBytes: memory.needed,
    ...(memorySwapBytes > 0 && swap >= 0 ? { memorySwapBytes: memory.needed + swap } : {}),
    ...(memoryReservationBytes > memory.needed ? { memoryReservationBytes: memory.needed } : {}),
  };
}

/** The change as a request, whose reason is the verdict and what decided it; undefined without advice, and for another engine's. */
export function limitRequest({ id, elsewhere, limits, advice }: AdvisedContainer): LimitRequest | undefined {
  if (elsewhere !== undefined) return undefined;
  const change = limitChange(limits, advice);
  const decisive = [advice.cpu, advice.memory].flatMap(resource => resource?.why.at(-1) ?? []);
  return change && { name: id, change, reason: `${advice.verdict}: ${decisive.join('; ')}` };
}

/** Limits of a container, as they are and as they would be: `2 -> 0.5` cores and memory, in words. */
export function limitWords(
  before: ContainerLimits,
  after: ContainerLimits,
): { readonly cores: string; readonly memory: string } {
  return {
    cores: changeWords(coreLimit(before), coreLimit(after), formatCores),
    memory: changeWords(before.memoryBytes, after.memoryBytes, formatBytes),
  };
}

function changeWords(
  from: number | undefined,
  to: number | undefined,
  inWords: (value: number) => string,
): string {
  const words = (value: number | undefined) => (value === undefined ? 'no limit' : inWords(value));
  return words(from) === words(to) ? words(from) : `${words(from)} -> ${words(to)}`;
}
