import { availableParallelism } from 'node:os';
import { PlimsollError } from '../../errors.ts';
import { type ContainerLimits, unlimitCpu, unlimitProcesses, validateLimits } from '../runtime/index.ts';
import type { ContainerRecord } from './records.ts';
import type { ContainerChange } from './types.ts';
import { announce, cgroupOf, isLive, type World } from './world.ts';

/**
 * Changes limits of a container, in the kernel too if it runs, and its restart policy; call it under its lock. Returns
 * what could not be given as asked. Throws `invalid-argument` (`LIMIT_INVALID`, `REMOVE_AND_RESTART`).
 */
export async function updateContainer(
  world: World,
  record: ContainerRecord,
  { limits = {}, restart }: ContainerChange,
): Promise<{ readonly warnings: readonly string[] }> {
  const { id, spec, state } = record;
  if (spec.autoRemove && restart !== undefined && restart.name !== 'no') {
    throw new PlimsollError(
      'invalid-argument',
      'a container that is removed when it ends cannot be restarted',
      {
        code: 'REMOVE_AND_RESTART',
        hint: 'create it without --rm',
      },
    );
  }
  const merged = withoutOpposites({ ...spec.limits, ...limits }, limits);
  validateLimits(merged, availableParallelism());
  const changesLimits = Object.keys(limits).length > 0;
  const warnings = changesLimits && isLive(state) ? await world.runtime().update(id, merged) : [];
  if (isLive(state) && limits.pids === -1) unlimitProcesses(cgroupOf(world.root, record));
  if (isLive(state) && merged.cpus === undefined && merged.cpuQuota === -1)
    unlimitCpu(cgroupOf(world.root, record));
  world.db.transaction(() => {
    const kept = withoutUnlimited(merged);
    world.records.saveSpec(id, { ...spec, limits: kept, ...(restart === undefined ? {} : { restart }) });
    announce(world, record, 'update');
  });
  return { warnings };
}

/** A number of CPUs takes the place of a quota, and the other way round. */
function withoutOpposites(merged: ContainerLimits, change: ContainerLimits): ContainerLimits {
  const { cpus, cpuQuota, cpuPeriod, ...rest } = merged;
  if (change.cpus !== undefined && cpus !== undefined) return { ...rest, cpus };
  if (change.cpuQuota === undefined && change.cpuPeriod === undefined) return merged;
  return {
    ...rest,
    ...(cpuQuota === undefined ? {} : { cpuQuota }),
    ...(cpuPeriod === undefined ? {} : { cpuPeriod }),
  };
}

/** Without what says that there is no limit: after the next start there is none anyway. */
function withoutUnlimited(limits: ContainerLimits): ContainerLimits {
  const { memoryBytes, memorySwapBytes, cpuQuota, cpuPeriod, ...rest } = limits;
  const period = cpuPeriod === undefined ? {} : { cpuPeriod };
  return {
    ...rest,
    ...(memoryBytes === -1 || memoryBytes === undefined ? {} : { memoryBytes }),
    ...(memorySwapBytes === undefined || memoryBytes === -1 ? {} : { memorySwapBytes }),
    ...(cpuQuota === -1 ? {} : { ...(cpuQuota === undefined ? {} : { cpuQuota }), ...period }),
  };
}
