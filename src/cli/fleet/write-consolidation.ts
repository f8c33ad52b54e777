import type { Consolidation, ContainerMove, Prices } from '../../capacity/index.ts';
import { cleanText } from '../../lib/clean-text.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import { formatCores } from '../../lib/format-cores.ts';
import { formatDuration } from '../../lib/format-duration.ts';
import { formatPercent } from '../../lib/format-percent.ts';
import type { Cli } from '../cli.ts';
import { formatMoney } from '../format/format-money.ts';
import type { Column } from '../format/table.ts';
import { type FormOptions, writeReport } from '../report-options.ts';

/** Figures of less than a day say little of the next one. */
const soon = 86_400;

/** Writes what could be emptied: in words, then the moves as a table; for scripts the moves, and in JSON all of it. */
export async function writeConsolidation(
  cli: Cli,
  plan: Consolidation,
  options: FormOptions & { readonly prices: Prices | undefined },
): Promise<void> {
  if (options.json) {
    cli.stdout.write(`${JSON.stringify(plan, undefined, 2)}\n`);
    return;
  }
  const isForPeople = !options.csv && !options.quiet && options.format !== 'json';
  if (isForPeople) cli.stdout.write(`${summaryOf(plan, options.prices)}\n`);
  if (!isForPeople || plan.moves.length > 0)
    await writeReport(cli, plan.moves, columns(options.csv ?? false), options);
}

function summaryOf(plan: Consolidation, prices: Prices | undefined): string {
  const { emptied, moves, machines, freedCores, freedBytes, monthlySaving, freedShare, mostFreedShare } =
    plan;
  const lines: string[] = [];
  if (emptied.length === 0)
    lines.push(`None of ${machines} machines can be emptied onto the others with that headroom.`);
  else {
    const money =
      monthlySaving === undefined
        ? ''
        : `, ${formatMoney(monthlySaving, { currency: prices?.currency ?? '' })} a month`;
    lines.push(
      `${emptied.length} of ${machines} machines can be emptied with ${moves.length} moves: ${formatCores(freedCores)} cores and ${formatBytes(freedBytes)}${money}.`,
      `That is ${formatPercent(freedShare * 100)} of what they are worth; no plan could free more than ${formatPercent(mostFreedShare * 100)}.`,
      `Emptied: ${emptied.map(({ name }) => cleanText(name)).join(', ')}`,
    );
    const fullest = Math.max(0, ...plan.after.flatMap(({ cpuP95, memoryP95 }) => [cpuP95, memoryP95]));
    const peak = Math.max(0, ...plan.after.map(({ cpuPeak }) => cpuPeak));
    if (moves.length > 0) lines.push(`The others: ${formatPercent(fullest * 100)} full at most at P95.`);
    if (peak > 1)
      lines.push(
        `If the CPU peaks of all containers of one machine came together, they would want ${formatPercent(peak * 100)} of it: --cpu-peaks leaves room for that.`,
      );
  }
  if (plan.observedSeconds !== undefined && plan.observedSeconds < soon)
    lines.push(
      `Of some machines no more than ${formatDuration(plan.observedSeconds * 1000)} is known: record for a day or more before you trust this.`,
    );
  if (plan.leftOut.length > 0)
    lines.push(
      `Not to be emptied: ${plan.leftOut.map(({ name, why }) => `${cleanText(name)} (${why})`).join(', ')}`,
    );
  return `${lines.join('\n')}\n`;
}

/** For people with units; in CSV numbers of cores and bytes. */
function columns(csv: boolean): readonly Column<ContainerMove>[] {
  const amount = (
    field: string,
    title: string,
    of: (move: ContainerMove) => number,
    inWords: (value: number) => string,
  ): Column<ContainerMove> => ({
    ...{ field, title },
    value: move => (csv ? String(of(move)) : inWords(of(move))),
  });
  return [
    { field: 'Container', title: 'CONTAINER', value: ({ container }) => container },
    { field: 'From', title: 'FROM', value: ({ from }) => from },
    { field: 'To', title: 'TO', value: ({ to }) => to },
    amount('CpuP95', 'CORES P95', ({ cpu }) => cpu.p95, formatCores),
    amount('CpuPeak', 'PEAK', ({ cpu }) => cpu.peak, formatCores),
    amount('MemoryP95', 'MEMORY P95', ({ memory }) => memory.p95, formatBytes),
    amount('MemoryPeak', 'PEAK', ({ memory }) => memory.peak, formatBytes),
  ];
}
