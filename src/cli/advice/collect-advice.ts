import { type AdviceRule, type AdvisedContainer, adviseFrom } from '../../capacity/index.ts';
import type { ContainerSummary, Engine } from '../../engine/index.ts';
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
  const frame = await engine.stats.once({ signal: cli.signal });
  const rows = adviseFrom(engine, { containers, frame, since, rule });
  if (rows.length > 0 && rows.every(({ advice }) => advice.points === 0))
    cli.stderr.write('nothing is recorded yet: leave the dashboard open, or plimsoll record running\n');
  return rows;
}

function namedOr(engine: Engine, names: readonly string[]): ContainerSummary[] {
  if (names.length === 0) return engine.containers.list();
  const named = names.map(name => engine.containers.inspect(name));
  return [...new Map(named.map(container => [container.id, container])).values()];
}
