import type { ContainerSummary, Engine, StatsFrame, UsageHistory } from '../engine/index.ts';
import { type AdviceRule, defaultRule } from './advice-rule.ts';
import { type AdvisedContainer, adviseAll } from './advise-all.ts';

/** What advice is made of, beside what an engine has recorded. */
export interface AdviceSource {
  /** Our own. Those of other engines are in the frame. */
  readonly containers: readonly Pick<ContainerSummary, 'id' | 'name' | 'limits'>[];
  readonly frame: StatsFrame;
  /** Where the window begins, in milliseconds since the epoch. */
  readonly since: number;
  readonly rule?: AdviceRule;
  /** What was recorded in the window, if that was read already. */
  readonly usage?: ReadonlyMap<string, UsageHistory>;
}

/** Advice for containers, from what an engine has recorded of them. */
export function adviseFrom(
  { history, events }: Pick<Engine, 'history' | 'events'>,
  { containers, frame, since, rule = defaultRule, usage = history.usage({ since }) }: AdviceSource,
): AdvisedContainer[] {
  const ids = new Set(containers.map(({ id }) => id));
  const happened = events
    .list({ since, filter: { types: ['container'] } })
    .filter(({ actor }) => ids.has(actor.id))
    .map(({ action, actor, timeNano }) => ({ action, id: actor.id, time: Number(timeNano.slice(0, -6)) }));
  const changed = new Map(
    happened.filter(({ action }) => action === 'update').map(({ id, time }) => [id, time] as const),
  );
  const sinceChange = new Map(
    [...changed].map(([id, time]) => [id, history.usage({ since: time }, id).get(id)]),
  );
  const kills = happened.filter(({ action }) => action === 'oom');
  const known = new Map(usage);
  for (const { id, limits } of containers) {
    const own = kills.filter(kill => kill.id === id);
    const seen = usage.get(id);
    if (seen === undefined || own.length === 0) continue;
    const isOfNow = own.some(({ time }) => time >= (changed.get(id) ?? since));
    known.set(id, withKills(seen, own.length, isOfNow ? (limits.memoryBytes ?? 0) : 0));
  }
  return adviseAll({ containers, usage: known, sinceChange, frame }, rule);
}

/**
 * A container that ended of a lack of memory took the kernel's count of that along. What it had then is its limit, also
 * where it got there between two measurements.
 */
function withKills(usage: UsageHistory, kills: number, limitBytes: number): UsageHistory {
  const { oomKills, peakBytes } = usage;
  return { ...usage, oomKills: Math.max(oomKills, kills), peakBytes: Math.max(peakBytes, limitBytes) };
}
