import type { ContainerLimits, ContainerUsage, StatsFrame } from '../engine/index.ts';
import { apportion } from './apportion.ts';
import { coreLimit } from './core-limit.ts';

/** One container's part of a resource. All in the resource's unit. */
export interface ContainerLoad {
  readonly id: string;
  /** Whose it is, if it is another engine's: `docker`. */
  readonly engine?: string;
  readonly used: number;
  /** Its limit, if it has one. */
  readonly limit?: number;
  /** What is set apart for it: its reservation, else its limit; never more than the capacity. */
  readonly reserved?: number;
  /** Set apart for it, but not used by it now. */
  readonly unused: number;
  /** Its share of `wastedHeldByReservations`: `unused`, or less where more is reserved than there is. */
  readonly held: number;
}

/** How one resource of the machine is spent. The five parts add up to `capacity`, exactly. */
export interface ResourceLoad {
  readonly capacity: number;
  readonly usedByContainers: number;
  /** Containers of other engines on this machine. */
  readonly usedByNeighbours: number;
  /** The rest of the machine: host processes, kernel and, for CPU, what the hypervisor gave to others (steal). */
  readonly usedByOthers: number;
  /** Set apart for containers that do not use it now. */
  readonly reservedUnused: number;
  readonly free: number;
  /** usedByContainers + usedByNeighbours + usedByOthers. */
  readonly used: number;
  /** capacity - used: what this product is about. */
  readonly wasted: number;
  /** The part of `wasted` that reservations hold: reservedUnused. */
  readonly wastedHeldByReservations: number;
  /** Neighbours too. Their `used` add up to `usedByContainers` + `usedByNeighbours`, their `held` to `reservedUnused`. Largest use first. */
  readonly containers: readonly ContainerLoad[];
}

/** The load line of a machine. */
export interface LoadLine {
  /** In cores. */
  readonly cpu: ResourceLoad;
  /** In bytes. */
  readonly memory: ResourceLoad;
}

/**
 * The load line: how the machine's CPU and memory are spent at one moment.
 *
 * - Containers use their CPU time and their working sets. Others use what the machine uses beyond that. A working set
 *   may hold cache that the kernel counts as available: then containers use more than "the machine", the larger
 *   figure is taken and others use 0. Containers of other engines on the machine (neighbours) are counted alike, apart.
 * - Reserved but unused: for each container its reservation (else its limit), less its use, if above 0. Reservations
 *   may exceed what is there; then their sum is clipped to what nobody uses, and each container holds its part of that.
 * - Free is the rest. So used + reserved + free is the capacity, whatever the counters say.
 *
 * Cores are rounded to 2^-20, bytes to one: sums of such numbers are exact.
 */
export function loadLine(frame: StatsFrame, limits: ReadonlyMap<string, ContainerLimits>): LoadLine {
  const { host } = frame;
  const own: readonly Measured[] = [...frame.containers.values()].map(usage => ({
    usage,
    limit: limits.get(usage.id),
  }));
  const beside = [...(frame.neighbours?.values() ?? [])].map(
    (usage): Measured => ({
      usage,
      limit: usage.neighbour.limits,
      whose: { engine: usage.neighbour.engine },
    }),
  );
  const containers = [...own, ...beside];
  return {
    cpu: resourceLoad({
      quantum: 2 ** -20,
      capacity: host.cores,
      used: host.cpuCores + host.stealCores,
      containers: containers.map(({ usage, limit, whose }) => {
        const cores = coreLimit(limit ?? {});
        const limits = cores === undefined ? {} : { limit: cores, reserved: cores };
        return { id: usage.id, ...whose, used: usage.cpuCores, ...limits };
      }),
    }),
    memory: resourceLoad({
      quantum: 1,
      capacity: host.memoryTotalBytes,
      used: host.memoryUsedBytes,
      containers: containers.map(({ usage, limit, whose }) => {
        const reserved = limit?.memoryReservationBytes ?? limit?.memoryBytes;
        return {
          id: usage.id,
          ...whose,
          used: usage.memory.workingSetBytes,
          ...(limit?.memoryBytes === undefined ? {} : { limit: limit.memoryBytes }),
          ...(reserved === undefined ? {} : { reserved }),
        };
      }),
    }),
  };
}

/** Whose containers they are that are not ours. */
export function neighbourEngines({ containers }: ResourceLoad): string[] {
  return [...new Set(containers.flatMap(({ engine }) => engine ?? []))].sort();
}

interface Measured {
  readonly usage: ContainerUsage;
  readonly limit: ContainerLimits | undefined;
  readonly whose?: { readonly engine: string };
}

interface ResourceInput {
  readonly quantum: number;
  readonly capacity: number;
  readonly used: number;
  readonly containers: readonly {
    id: string;
    engine?: string;
    used: number;
    limit?: number;
    reserved?: number;
  }[];
}

function resourceLoad({ quantum, containers, ...input }: ResourceInput): ResourceLoad {
  const exact = (value: number) => Math.max(0, Math.round(value / quantum) * quantum);
  const capacity = exact(input.capacity);
  const use = apportion(
    containers.map(({ used }) => exact(used)),
    capacity,
    quantum,
  );
  const isNeighbour = (_: number, i: number) => containers[i]?.engine !== undefined;
  const usedByNeighbours = sum(use.filter(isNeighbour));
  const usedByAll = sum(use);
  const usedByOthers = Math.max(0, Math.min(exact(input.used), capacity) - usedByAll);
  const wasted = capacity - usedByAll - usedByOthers;
  const reserved = containers.map(row =>
    row.reserved === undefined ? undefined : Math.min(exact(row.reserved), capacity),
  );
  const unused = reserved.map((amount, i) => Math.max(0, (amount ?? 0) - (use[i] ?? 0)));
  const held = apportion(unused, wasted, quantum);
  const reservedUnused = sum(held);
  const rows = containers.map(({ id, engine, limit }, i) => {
    const amount = reserved[i];
    return {
      id,
      used: use[i] ?? 0,
      unused: unused[i] ?? 0,
      held: held[i] ?? 0,
      ...(engine === undefined ? {} : { engine }),
      ...(limit === undefined ? {} : { limit }),
      ...(amount === undefined ? {} : { reserved: amount }),
    };
  });
  return {
    capacity,
    usedByContainers: usedByAll - usedByNeighbours,
    usedByNeighbours,
    usedByOthers,
    reservedUnused,
    free: wasted - reservedUnused,
    used: usedByAll + usedByOthers,
    wasted,
    wastedHeldByReservations: reservedUnused,
    containers: rows.sort((a, b) => b.used - a.used),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
