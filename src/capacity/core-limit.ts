import type { ContainerLimits } from '../engine/index.ts';

/** The cores that limits allow, in whichever of the two ways they are written; undefined: as many as there are. */
export function coreLimit({ cpus, cpuQuota, cpuPeriod = 100_000 }: ContainerLimits): number | undefined {
  if (cpus !== undefined && cpus > 0) return cpus;
  return cpuQuota === undefined || cpuQuota <= 0 ? undefined : cpuQuota / cpuPeriod;
}
