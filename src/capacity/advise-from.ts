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
  const changed = new Map(
    events
      .list({ since, filter: { types: ['container'] } })
      .filter(({ action, actor }) => action === 'update' && ids.has(actor.id))
      .map(({ actor, timeNano }) => [actor.id, Number(timeNano.slice(0, -6))] as const),
  );
  const sinceChange = new Map(
    [...changed].map(([id, time]) => [id, history.usage({ since: time }, id).get(id)]),
  );
  return adviseAll({ containers, usage, sinceChange, frame }, rule);
}
