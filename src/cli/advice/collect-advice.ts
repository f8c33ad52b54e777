import { type AdviceRule, type AdvisedContainer, adviseAll } from '../../capacity/index.ts';
import type { ContainerSummary, Engine, StatsFrame, UsageHistory } from '../../engine/index.ts';
import type { Cli } from '../cli.ts';

/** Whose advice is wanted, and from what on. */
export interface AdviceRequest {
  /** None: all that run. */
  readonly names: readonly string[];
  readonly since: number;
  readonly rule: AdviceRule;
}

/** What advice is made of. */
export interface AdviceSource {
  readonly containers: readonly ContainerSummary[];
  readonly frame: StatsFrame;
  readonly since: number;
  readonly rule: AdviceRule;
  /** What was recorded since then, if that was read already. */
  readonly usage?: ReadonlyMap<string, UsageHistory>;
}

/** Advice for containers, from what was recorded of them. Says so if nothing was. */
export async function collectAdvice(
  cli: Cli,
  { names, since, rule }: AdviceRequest,
): Promise<AdvisedContainer[]> {
  const engine = await cli.engine();
  const containers = namedOr(engine, names);
  const frame = await engine.stats.once({ signal: cli.signal });
  const rows = adviseFrom(engine, { containers, frame, since, rule });
  if (rows.length > 0 && rows.every(({ advice }) => advice.points === 0))
    cli.stderr.write('nothing is recorded yet: leave the dashboard open, or plimsoll record running\n');
  return rows;
}

/** The same for containers and a frame that are known already. */
export function adviseFrom(
  engine: Pick<Engine, 'history' | 'events'>,
  { containers, frame, since, rule, usage = engine.history.usage({ since }) }: AdviceSource,
): AdvisedContainer[] {
  const sinceChange = usageSinceChange(engine, since, new Set(containers.map(({ id }) => id)));
  return adviseAll({ containers, usage, sinceChange, frame }, rule);
}

function namedOr(engine: Engine, names: readonly string[]): ContainerSummary[] {
  if (names.length === 0) return engine.containers.list();
  const named = names.map(name => engine.containers.inspect(name));
  return [...new Map(named.map(container => [container.id, container])).values()];
}

/** Of containers whose limits were changed in the window, what was recorded after that. */
function usageSinceChange(
  { events, history }: Pick<Engine, 'events' | 'history'>,
  since: number,
  ids: ReadonlySet<string>,
): Map<string, UsageHistory | undefined> {
  const changed = new Map(
    events
      .list({ since, filter: { types: ['container'] } })
      .filter(({ action, actor }) => action === 'update' && ids.has(actor.id))
      .map(({ actor, timeNano }) => [actor.id, Number(timeNano.slice(0, -6))] as const),
  );
  return new Map([...changed].map(([id, time]) => [id, history.usage({ since: time }, id).get(id)]));
}
