import {
  type AdviceRule,
  type AdvisedContainer,
  adviseFrom,
  type MeasuredContainer,
  measuredContainers,
} from '../../capacity/index.ts';
import type { Engine, StatsFrame } from '../../engine/index.ts';
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
  const frame = await engine.stats.once({ signal: cli.signal });
  const containers = namedOr(engine, names, frame);
  const rows = adviseFrom(engine, { containers, frame, since, rule });
  if (rows.length > 0 && rows.every(({ advice }) => advice.points === 0))
    cli.stderr.write('nothing is recorded yet: leave the dashboard open, or plimsoll record running\n');
  return rows;
}

/** Of other engines as the table names them: `docker/web`. */
function namedOr(engine: Engine, names: readonly string[], frame: StatsFrame): readonly MeasuredContainer[] {
  const beside = measuredContainers([], frame);
  if (names.length === 0) return [...engine.containers.list(), ...beside];
  const named = names.map(name => beside.find(each => each.name === name) ?? engine.containers.inspect(name));
  return [...new Map(named.map(container => [container.id, container])).values()];
}
