import type { ContainerLimits } from '../engine/index.ts';
import type { Advice } from './advise.ts';

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
