import { type AdviceRule, type AdvisedContainer, adviseAll } from '../../capacity/index.ts';
import type { ContainerSummary, Engine, UsageHistory } from '../../engine/index.ts';
import type { Cli } from '../cli.ts';

/** Whose advice is wanted, and from what on. */
export interface AdviceRequest {
  /** None: all that run. */
  readonly names: readonly string[];
  readonly since: number;
  readonly rule: AdviceRule;
}

/** Advice for containers, from what was recorded of them. Says so if nothing was. */
export async function collectAdvice(
  cli: Cli,
  { names, since, rule }: AdviceRequest,
): Promise<AdvisedContainer[]> {
  const engine = await cli.engine();
  const containers = namedOr(engine, names);
  const usage = engine.history.usage({ since });
  if (usage.size === 0)
    cli.stderr.write('nothing is recorded yet: leave the dashboard open, or plimsoll record running\n');
  const frame = await engine.stats.once({ signal: cli.signal });
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
  { events, history }: Engine,
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
