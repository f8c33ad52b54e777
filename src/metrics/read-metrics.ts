import { adviseFrom, loadLine, measuredContainers } from '../capacity/index.ts';
import type { Engine } from '../engine/index.ts';
import type { MetricsSource } from './format-metrics.ts';

/** Advice looks back this far. */
const adviceMs = 14 * 86_400_000;
/** Rates are of this long. */
const intervalMs = 1000;

/** When it is, in milliseconds since the epoch, and what ends the measuring early. */
export interface MetricsMoment {
  readonly now: number;
  readonly version: string;
  readonly signal?: AbortSignal;
}

/** Measures for a second, and reads what has been recorded of the last fortnight. */
export async function readMetrics(
  engine: Pick<Engine, 'stats' | 'containers' | 'history' | 'events' | 'system'>,
  { now, version, signal }: MetricsMoment,
): Promise<MetricsSource> {
  const frame = await engine.stats.once({ intervalMs, ...(signal === undefined ? {} : { signal }) });
  const own = engine.containers.list();
  const line = loadLine(frame, new Map(own.map(({ id, limits }) => [id, limits])));
  const containers = measuredContainers(own, frame);
  const advised = adviseFrom(engine, { containers, frame, since: now - adviceMs });
  return { version, info: engine.system.info(), line, frame, advised };
}
