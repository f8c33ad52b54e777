import { type LoadLine, loadLine } from '../capacity/index.ts';
import type { ContainerSummary, KernelCheck, StatsFrame } from '../engine/index.ts';
import type { Cli } from './cli.ts';
import { parseFailOver, parseOver, type ReportOptions } from './report-options.ts';

/** The load line of this machine, and what it was made from. */
export interface MeasuredLoad {
  readonly line: LoadLine;
  readonly frame: StatsFrame;
  readonly containers: readonly ContainerSummary[];
  /** Only with `verify`. */
  readonly checks: readonly KernelCheck[];
}

/** Measures as the options say, and sets the exit code that `--fail-over` asks for. */
export async function measureLoad(
  cli: Cli,
  options: ReportOptions & { readonly verify?: true },
): Promise<MeasuredLoad> {
  const [intervalMs, limit] = [parseOver(options), parseFailOver(options)];
  const engine = await cli.engine();
  const { frame, checks } = options.verify
    ? await engine.stats.verify({ intervalMs, signal: cli.signal })
    : { frame: await engine.stats.once({ intervalMs, signal: cli.signal }), checks: [] };
  const containers = engine.containers.list();
  const line = loadLine(frame, new Map(containers.map(({ id, limits }) => [id, limits])));
  const worst = Math.max(...[line.cpu, line.memory].map(({ wasted, capacity }) => wasted / capacity));
  if (limit !== undefined && worst > limit) cli.setExitCode(1);
  return { line, frame, containers, checks };
}
