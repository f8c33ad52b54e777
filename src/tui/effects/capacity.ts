import { adviseFrom, measuredContainers, percentilesOf } from '../../capacity/index.ts';
import {
  type Engine,
  type LimitOutcome,
  machineId,
  type StatsFrame,
  type UsageHistory,
} from '../../engine/index.ts';
import { firstFailure } from '../../errors.ts';
import { cleanText, cleanValue } from '../../lib/clean-text.ts';
import { type Chart, chartWindows, type Msg, type Target } from '../model/index.ts';

const day = 86_400_000;
/** Advice looks back this far, whatever the charts show. */
const adviceMs = 14 * day;
/** Points of a chart: more than a screen has room for say nothing more. */
const chartPoints = 120;
/** Containers that a chart tells apart. */
const mostStacked = 4;

/**
 * What the capacity pane shows: advice, how the machine was used, and by whom, in the last `windowMs`; by default in
 * the shortest time that has all that was recorded, and in a day at most.
 */
export function readCapacity(engine: Engine, windowMs: number | undefined, frame: StatsFrame): Msg {
  const until = frame.host.time;
  const containers = measuredContainers(engine.containers.list(), frame).map(one => ({
    ...one,
    name: cleanText(one.name),
  }));
  const usage = engine.history.usage({ since: until - adviceMs });
  const advised = adviseFrom(engine, { containers, frame, since: until - adviceMs, usage });
  const recordedMs = until - (usage.get(machineId)?.first ?? until);
  const shownMs = windowMs ?? Math.min(day, chartWindows.find(window => window >= recordedMs) ?? day);
  const chart = createCharts(engine, { since: until - shownMs, until });
  const top = (of: (usage: UsageHistory) => number) =>
    containers
      .flatMap(one => {
        const own = usage.get(one.id);
        return own === undefined ? [] : [{ ...one, size: of(own) }];
      })
      .sort((a, b) => b.size - a.size)
      .slice(0, mostStacked)
      .map(chart);
  const own = usage.get(machineId);
  const machineUse = own && { cpu: percentilesOf(own.cpu), memory: percentilesOf(own.memory) };
  const picture = {
    ...(machineUse === undefined ? {} : { machineUse }),
    ...{ readAt: until, advised, machine: chart({ id: machineId, name: 'machine' }) },
    topCpu: top(({ cpu }) => cpu.mean),
    topMemory: top(({ memory }) => memory.mean),
  };
  return { type: 'capacity-read', picture };
}

/** All that was recorded of one container in the time that advice looks at. */
export function readWhy({ history }: Engine, { id, name }: Target, now: number): Msg {
  const usage = history.usage({ since: now - adviceMs }, id).get(id);
  const [since, until] = [usage?.first ?? now - 3_600_000, Math.min(now, usage?.last ?? now)];
  return {
    type: 'why-read',
    chart: { id, name, since, until, points: history.chart(id, { since, until }, chartPoints) },
  };
}

/** The limits that could be given back. */
export function readUndoable({ limits }: Engine): Msg {
  return { type: 'undoable-read', changes: limits.undoable().map(cleanValue) };
}

/** What became of changes of limits, as a notice; throws the first that failed. */
export function outcomeWords(outcomes: readonly LimitOutcome[], verb: string): string {
  const failed = outcomes.find(outcome => 'error' in outcome);
  if (failed !== undefined && 'error' in failed) throw firstFailure(failed.error);
  const names = outcomes.map(({ name }) => `"${name}"`).join(', ');
  const warning = outcomes.flatMap(outcome => ('warnings' in outcome ? outcome.warnings : []))[0];
  return warning === undefined
    ? `${verb} the limits of ${names}`
    : `${verb} the limits of ${names}; ${warning}`;
}

/** Charts of one time; each is read once. */
function createCharts({ history }: Engine, window: { readonly since: number; readonly until: number }) {
  const read = new Map<string, Chart>();
  return ({ id, name }: Target): Chart => {
    const known = read.get(id) ?? { id, name, ...window, points: history.chart(id, window, chartPoints) };
    read.set(id, known);
    return known;
  };
}
