import type { Engine, StatsFrame } from '../../engine/index.ts';
import { type Alert, type AlertInput, AlertWatch, type AlertWatchOptions } from './alert-watch.ts';

/** Takes one frame after the other, and the time of each, and gives what is to be told of it. */
export type AlertFeed = (frame: StatsFrame, now: number) => readonly Alert[];

/** Watches an engine by rules, with what happens to its containers from `since` (milliseconds since the epoch) on. */
export function createAlertFeed(
  { containers, events }: Pick<Engine, 'containers' | 'events'>,
  options: AlertWatchOptions,
  since: number,
): AlertFeed {
  const watch = new AlertWatch(options);
  let from = since;
  let isFirst = true;
  return (frame, now) => {
    const happened = events.list({ since: from, until: now, filter: { types: ['container'] } });
    from = now + 1;
    const input = {
      ...withNeighbours(frame, containers.list()),
      events: [...happened, ...eventsBeside(frame)],
    };
    if (!isFirst) return watch.add(input);
    isFirst = false; // it has no rates yet
    watch.begin(input.frame);
    return [];
  };
}

function eventsBeside({ happened = [] }: StatsFrame): AlertInput['events'] {
  return happened.map(({ action, id, name, time, exitCode }) => ({
    ...{ action, timeNano: `${Math.round(time)}000000` },
    actor: { id, attributes: { name, ...(exitCode === undefined ? {} : { exitCode }) } },
  }));
}

/** Containers of other engines are watched as ours are. */
function withNeighbours(frame: StatsFrame, own: AlertInput['containers']): Omit<AlertInput, 'events'> {
  const { host, containers, neighbours } = frame;
  if (neighbours === undefined) return { frame, containers: own };
  const beside = [...neighbours.values()].map(({ id, neighbour }): AlertInput['containers'][number] => {
    const { engine, name, limits, startedAt } = neighbour;
    const since = startedAt === undefined ? {} : { startedAt };
    return { id, name: `${engine}/${name}`, limits, state: { status: 'running', restartCount: 0, ...since } };
  });
  return {
    frame: { host, containers: new Map([...containers, ...neighbours]) },
    containers: [...own, ...beside],
  };
}
