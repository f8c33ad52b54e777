import type { AdvisedContainer, ResourceAdvice } from '../../capacity/index.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import { formatCores } from '../../lib/format-cores.ts';
import { formatDuration } from '../../lib/format-duration.ts';
import { formatPercent } from '../../lib/format-percent.ts';
import { amountColumns } from '../format/amount-column.ts';
import type { Column } from '../format/table.ts';

/** Advice as a table: for people with units; in CSV numbers of cores, bytes and seconds, and shares of 1. */
export function adviceColumns({ csv = false }: { csv?: boolean }): readonly Column<AdvisedContainer>[] {
  const amount = amountColumns<AdvisedContainer>(csv);
  const cpu = (names: readonly [string, string], of: (cpu: ResourceAdvice) => number | undefined) =>
    amount(...names, ({ advice }) => advice.cpu && of(advice.cpu), formatCores);
  const memory = (names: readonly [string, string], of: (memory: ResourceAdvice) => number | undefined) =>
    amount(...names, ({ advice }) => advice.memory && of(advice.memory), formatBytes);
  const hidden = (column: Column<AdvisedContainer>) => ({ ...column, hidden: !csv });
  return [
    { field: 'Name', title: 'NAME', value: ({ name }) => name },
    { field: 'Advice', title: 'ADVICE', value: verdictWords },
    hidden(cpu(['CpuMedian', 'CORES P50'], ({ median }) => median)),
    cpu(['CpuP95', 'CORES P95'], ({ p95 }) => p95),
    hidden(cpu(['CpuP99', 'CORES P99'], ({ p99 }) => p99)),
    hidden(cpu(['CpuMax', 'CORES MAX'], ({ max }) => max)),
    cpu(['CpuLimit', 'LIMIT'], ({ limit }) => limit),
    cpu(['CpuNeeded', 'NEEDED'], ({ needed }) => needed),
    cpu(['CpuFrees', 'FREES'], ({ frees }) => frees),
    hidden(memory(['MemoryMedian', 'MEMORY P50'], ({ median }) => median)),
    hidden(memory(['MemoryP95', 'MEMORY P95'], ({ p95 }) => p95)),
    hidden(memory(['MemoryP99', 'MEMORY P99'], ({ p99 }) => p99)),
    memory(['MemoryMax', 'MEMORY MAX'], ({ max }) => max),
    memory(['MemoryLimit', 'LIMIT'], ({ limit }) => limit),
    memory(['MemoryNeeded', 'NEEDED'], ({ needed }) => needed),
    memory(['MemoryFrees', 'FREES'], ({ frees }) => frees),
    amount('Throttled', 'RISK', ({ advice }) => advice.throttledShare, riskWords),
    amount(
      'MeasuredSeconds',
      'MEASURED',
      ({ advice }) => advice.measuredSeconds,
      seconds => formatDuration(seconds * 1000),
    ),
    hidden(amount('Points', 'POINTS', ({ advice }) => advice.points, String)),
  ];
}

/** The verdict, and what else is to be known. */
function verdictWords({ advice: { verdict, isNoisy } }: AdvisedContainer): string {
  return isNoisy ? `${verdict}, noisy` : verdict;
}

/** What would have happened under limits as advised. */
export function riskWords(throttled: number): string {
  return throttled < 0.0005 ? '-' : `waits ${formatPercent(throttled * 100)}`;
}
