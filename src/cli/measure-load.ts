import { type LoadLine, loadLine, type MeasuredContainer, measuredContainers } from '../capacity/index.ts';
import type { KernelCheck, StatsFrame } from '../engine/index.ts';
import type { Cli } from './cli.ts';
import { parseFailOver, parseOver, type ReportOptions } from './report-options.ts';

/** The load line of this machine, and what it was made from. */
export interface MeasuredLoad {
  readonly line: LoadLine;
  readonly frame: StatsFrame;
  /** Those of other engines too. */
  readonly containers: readonly MeasuredContainer[];
  /** Only with `verify`. */
  readonly checks: readonly KernelCheck[];
}

/** Measures as the options say, and sets the exit code that `--fail-over` asks for. */
export async function measureLoad(
  cli: Cli,
  options: ReportOptions & { readonly verify?: true },
): Promise<MeasuredLoad> {
  cli.alsoMeasure(options.also ?? []);
  const [intervalMs, limit] = [parseOver(options), parseFailOver(options)];
  const engine = await cli.engine();
  const { frame, checks } = options.verify
    ? await engine.stats.verify({ intervalMs, signal: cli.signal })
    : { frame: await engine.stats.once({ intervalMs, signal: cli.signal }), checks: [] };
  const own = engine.containers.list();
  const containers = measuredContainers(own, frame);
  const line = loadLine(frame, new Map(own.map(({ id, limits }) => [id, limits])));
  const worst = Math.max(...[line.cpu, line.memory].map(({ wasted, capacity }) => wasted / capacity));
  if (limit !== undefined && worst > limit) cli.setExitCode(1);
  return { line, frame, containers, checks };
}
