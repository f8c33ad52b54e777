import type { ContainerSummary, Engine, StatsFrame } from '../engine/index.ts';
import { type StatsMoment, statsJson } from '../wire/index.ts';

/** How often, and whether to wait for a second figure to compare with. */
export interface StatsRequest {
  readonly stream: boolean;
  readonly oneShot: boolean;
  readonly signal: AbortSignal;
}

/**
 * Docker's stats of one container: one each second until it is removed or the signal fires; without `stream` one, that
 * has a figure of a second before unless `oneShot`.
 */
export async function* followStats(
  { containers, stats }: Pick<Engine, 'containers' | 'stats'>,
  container: Pick<ContainerSummary, 'id' | 'name'>,
  { stream, oneShot, signal }: StatsRequest,
): AsyncGenerator<object> {
  const { id } = container;
  let before: StatsMoment | undefined;
  let first = true;
  for await (const frame of stats.stream({ intervalMs: 1000, signal })) {
    const now = momentOf(frame, id);
    // The first has nothing to compare with: only who asked for one alone, or for nothing that runs, gets it.
    const waits = first && !stream && !oneShot && now !== undefined;
    first = false;
    if (!waits) yield statsJson(container, now, before);
    if (!stream && !waits) return;
    before = now;
    if (!exists(containers, id)) return;
  }
}

function momentOf({ host, containers }: StatsFrame, id: string): StatsMoment | undefined {
  const usage = containers.get(id);
  return usage === undefined ? undefined : { usage, host };
}

function exists(containers: Engine['containers'], id: string): boolean {
  return containers.list({ all: true }).some(each => each.id === id);
}
