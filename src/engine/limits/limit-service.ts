import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { isPlimsollError, PlimsollError } from '../../errors.ts';
import type { ContainerService } from '../container/index.ts';
import { withLock } from '../kernel/index.ts';
import type { ContainerLimits } from '../runtime/index.ts';
import type { Root } from '../store/index.ts';
import { appendLines, type LimitLine, readLines, standing } from './limit-log.ts';
import type { LimitChange, LimitOutcome, LimitRequest, LimitService } from './types.ts';

export interface LimitServiceOptions {
  readonly root: Root;
  readonly containers: Pick<ContainerService, 'inspect' | 'update'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** The limits of a root's containers, in `limits.log` of its folder. */
export function createLimitService({ root, containers, clock }: LimitServiceOptions): LimitService {
  const path = join(root.dataDir, 'limits.log');
  const locked = <T>(action: () => Promise<T>) => withLock(join(root.runDir, 'locks', 'limits'), action);
  /** One by one: what is written down as "before" has to be what is there then. */
  const each = async <T extends { name: string }>(list: readonly T[], act: (one: T) => Promise<Done>) => {
    const outcomes: LimitOutcome[] = [];
    for (const one of list) {
      outcomes.push(await act(one).catch((error: unknown) => ({ name: one.name, error })));
    }
    return outcomes;
  };
  const change = async (batch: string, { name, change, reason }: LimitRequest) => {
    const { id, name: own, limits } = containers.inspect(name);
    const line = { batch, time: clock(), container: { id, name: own }, before: limits, change, reason };
    appendLines(path, [line]);
    try {
      const { warnings } = await containers.update(id, { limits: change });
      return { name: own, change: line, warnings };
    } catch (error) {
      appendLines(path, [takenBack(line, clock())]);
      throw error;
    }
  };
  const undo = async (line: LimitChange) => {
    const { id, name, limits } = containers.inspect(line.container.id);
    assertAsLeft(name, limits, line);
    const { warnings } = await containers.update(id, { limits: restoring(line) });
    appendLines(path, [takenBack(line, clock())]);
    return { name, change: line, warnings };
  };
  return {
    change: requests =>
      locked(async () => {
        const batch = randomUUID();
        return await each(requests, request => change(batch, request));
      }),
    undoable(names) {
      const changes = standing(readLines(path)).filter(({ container }) => exists(containers, container.id));
      if (names === undefined) return changes.filter(({ batch }) => batch === changes.at(-1)?.batch);
      return names.flatMap(name => {
        const { id } = containers.inspect(name);
        const last = changes.findLast(({ container }) => container.id === id);
        return last === undefined ? [] : [last];
      });
    },
    undo: changes =>
      locked(() =>
        each(
          changes.map(line => ({ line, name: line.container.name })),
          ({ line }) => undo(line),
        ),
      ),
  };
}

type Done = Extract<LimitOutcome, { warnings: readonly string[] }>;

/** What was removed since cannot be given back, and keeps nothing else from it. */
function exists(containers: LimitServiceOptions['containers'], id: string): boolean {
  try {
    return containers.inspect(id).id === id;
  } catch (error) {
    if (isPlimsollError(error, 'not-found')) return false;
    throw error;
  }
}

function takenBack(line: LimitChange, time: number): LimitLine {
  return { ...line, time, takesBack: true };
}

/** The change that gives limits back; where there was none, one that says so. */
function restoring({ before, change }: LimitChange): ContainerLimits {
  const { cpus, cpuQuota, cpuPeriod, memoryBytes, memorySwapBytes, memoryReservationBytes } = before;
  const quota = { cpuQuota: cpuQuota ?? -1, ...(cpuPeriod === undefined ? {} : { cpuPeriod }) };
  return {
    ...(change.cpus === undefined ? {} : cpus === undefined ? quota : { cpus }),
    ...(change.memoryBytes === undefined ? {} : { memoryBytes: memoryBytes ?? -1 }),
    ...(memorySwapBytes === undefined ? {} : { memorySwapBytes }),
    ...(memoryReservationBytes === undefined ? {} : { memoryReservationBytes }),
  };
}

/** Nobody loses what was set after the change, by hand or by another one. */
function assertAsLeft(name: string, limits: ContainerLimits, { change, before }: LimitChange): void {
  const keys = ['cpus', 'memoryBytes', 'memorySwapBytes', 'memoryReservationBytes'] as const;
  const isAs = (wanted: ContainerLimits) => keys.every(key => limits[key] === wanted[key]);
  if (isAs({ ...before, ...change }) || isAs(before)) return;
  throw new PlimsollError('conflict', `the limits of "${name}" were changed since`, {
    code: 'LIMITS_CHANGED',
    hint: `set them by hand, with plimsoll update ${name}`,
  });
}
