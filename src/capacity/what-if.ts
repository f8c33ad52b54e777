import type { UsageHistory } from '../engine/index.ts';
import { type Percentiles, percentilesOf } from './percentiles.ts';

/** A machine as it might be. */
export interface Supposition {
  readonly cores: number;
  readonly memoryBytes: number;
  /** How many of a container there would be, by id; 0: it is elsewhere. Others stay as they are. */
  readonly replicas: ReadonlyMap<string, number>;
}

/** What one resource would be asked for, and whether there would be enough. */
export interface Fit {
  readonly resource: 'CPU' | 'memory';
  readonly capacity: number;
  readonly p95: number;
  readonly peak: number;
  readonly fitsP95: boolean;
  readonly fitsPeak: boolean;
}

/** What was recorded in a window: of the machine, and of its containers by id. */
export interface Recorded {
  readonly machine: UsageHistory;
  readonly containers: ReadonlyMap<string, UsageHistory>;
}

/**
 * Whether what runs would fit, by what was recorded. Percentiles do not add up, so two sums are made that are not likely
 * to be too low, and the lower one is taken:
 *
 * - each container as if it were at its percentile at the same time as all others, and the rest of the machine: what
 *   the machine has used at that percentile, less what containers use on average;
 * - the machine as it was, and what is added to it.
 */
export function whatIf(
  { machine, containers }: Recorded,
  { cores, memoryBytes, replicas }: Supposition,
): Fit[] {
  const fit = (resource: Fit['resource'], of: 'cpu' | 'memory', capacity: number): Fit => {
    const own = [...containers].map(([id, usage]) => ({ usage: usage[of], count: replicas.get(id) ?? 1 }));
    const at = (figure: keyof Percentiles) => demand(machine[of], own, figure);
    const [p95, peak] = [at('p95'), at('max')];
    return { resource, capacity, p95, peak, fitsP95: p95 <= capacity, fitsPeak: peak <= capacity };
  };
  return [fit('CPU', 'cpu', cores), fit('memory', 'memory', memoryBytes)];
}

type Histogram = UsageHistory['cpu'];

function demand(
  machine: Histogram,
  containers: readonly { readonly usage: Histogram; readonly count: number }[],
  figure: keyof Percentiles,
): number {
  const whole = percentilesOf(machine)[figure];
  const sum = (of: (one: (typeof containers)[number]) => number) =>
    containers.reduce((total, one) => total + of(one), 0);
  const rest = Math.max(0, whole - sum(({ usage }) => usage.mean));
  const alone = sum(({ usage, count }) => count * percentilesOf(usage)[figure]);
  const added = sum(({ usage, count }) => Math.max(0, count - 1) * percentilesOf(usage)[figure]);
  return Math.min(rest + alone, whole + added);
}
