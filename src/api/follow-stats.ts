import type { ContainerSummary, Engine, StatsFrame } from '../engine/index.ts';
import { isPlimsollError } from '../errors.ts';
import { type StatsMoment, statsJson } from '../wire/index.ts';
import type { StatsFrames } from './stats-frames.ts';

/** Docker's stats of one container at this moment, with nothing to compare them with. */
export async function oneShotStats(
  frames: StatsFrames,
  container: Pick<ContainerSummary, 'id' | 'name'>,
): Promise<object> {
  const frame = await frames.now();
  return statsJson(container, frame === undefined ? undefined : momentOf(frame, container.id), undefined);
}

/** How often, and whether to wait for a second figure to compare with. */
export interface StatsRequest {
  readonly stream: boolean;
  readonly signal: AbortSignal;
}

/**
 * Docker's stats of one container: one each second until it is removed or the signal fires; without `stream` one, that
 * has a figure of a second before.
 */
export async function* followStats(
  { containers, frames }: { readonly containers: Engine['containers']; readonly frames: StatsFrames },
  container: Pick<ContainerSummary, 'id' | 'name'>,
  { stream, signal }: StatsRequest,
): AsyncGenerator<object> {
  const { id } = container;
  let before: StatsMoment | undefined;
  let first = true;
  for await (const frame of frames.follow(signal)) {
    const now = momentOf(frame, id);
    // The first has nothing to compare with: only who asked for one alone, or for nothing that runs, gets it.
    const waits = first && !stream && now !== undefined;
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
  try {
    return containers.inspect(id).id === id;
  } catch (error) {
    if (isPlimsollError(error, 'not-found')) return false;
    throw error;
  }
}
