import type { AdvisedContainer, ResourceAdvice } from '../../capacity/index.ts';
import type { HistoryPoint } from '../../engine/index.ts';
import { cleanText } from '../../lib/clean-text.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import { formatCores } from '../../lib/format-cores.ts';
import { formatDuration } from '../../lib/format-duration.ts';
import { formatPercent } from '../../lib/format-percent.ts';
import { leastHistory } from './least-history.ts';

/** How many columns a chart has. */
export const chartColumns = 60;

/** Why a container is advised what it is: chart, window and rule, as lines of text. `chart` covers `span`. */
export function explainAdvice(
  { name, advice }: AdvisedContainer,
  chart: readonly HistoryPoint[],
  span: { readonly first: number; readonly last: number },
): string {
  const { cpu, memory, verdict, points, measuredSeconds, spanSeconds } = advice;
  const measured =
    points === 0
      ? 'nothing recorded yet'
      : `${formatDuration(measuredSeconds * 1000)} measured in ${points} points`;
  const within = measuredSeconds > 0 ? `, within ${formatDuration(spanSeconds * 1000)}` : '';
  const lines = [`${cleanText(name)}: ${verdict}`, line('window', measured + within)];
  if (cpu === undefined || memory === undefined) return [...lines, line('', leastHistory()), ''].join('\n');
  const bars = (of: (point: HistoryPoint) => number, top: number) => sparkline(chart, span, { of, top });
  const top = ({ limit = 0, max }: ResourceAdvice) => Math.max(limit, max);
  return [
    ...lines,
    ...resource(
      'cores',
      cpu,
      formatCores,
      `${bars(point => point.cpuMax, top(cpu))} of ${formatCores(top(cpu))}`,
    ),
    ...resource(
      'memory',
      memory,
      formatBytes,
      `${bars(point => point.memoryMax, top(memory))} of ${formatBytes(top(memory))}`,
    ),
    line('risk', riskOf(advice.throttledShare ?? 0)),
    ...(advice.isNoisy
      ? [line('noisy', 'it has no CPU limit, and takes more than half of the machine at times')]
      : []),
    '',
  ].join('\n');
}

function resource(
  title: string,
  advice: ResourceAdvice,
  inWords: (value: number) => string,
  bars: string,
): string[] {
  const { limit, median, p95, p99, max, needed, frees, why } = advice;
  const seen = `P50 ${inWords(median)}, P95 ${inWords(p95)}, P99 ${inWords(p99)}, max ${inWords(max)}`;
  const freed = frees > 0 ? `, which frees ${inWords(frees)}` : '';
  return [
    line(title, `${seen}, limit ${limit === undefined ? 'none' : inWords(limit)}`),
    line('', bars),
    line('  needed', `${inWords(needed)}${freed}`),
    ...why.map(step => line('', step)),
  ];
}

function line(title: string, text: string): string {
  return `  ${title.padEnd(10)}${text}`.trimEnd();
}

function riskOf(throttled: number): string {
  if (throttled < 0.0005) return 'none in what was recorded';
  return `would have had to wait for CPU in ${formatPercent(throttled * 100)} of its time`;
}

const blocks = '▁▂▃▄▅▆▇█';

/** The highest values of a time in blocks, of which a whole one is `top`; where nothing was measured, a blank. */
function sparkline(
  chart: readonly HistoryPoint[],
  { first, last }: { readonly first: number; readonly last: number },
  { of, top }: { readonly of: (point: HistoryPoint) => number; readonly top: number },
): string {
  const width = Math.max(1, (last - first) / chartColumns);
  const columns = new Array<number | undefined>(chartColumns).fill(undefined);
  for (const point of chart) {
    const i = Math.min(chartColumns - 1, Math.max(0, Math.floor((point.time - first) / width)));
    columns[i] = Math.max(columns[i] ?? 0, of(point));
  }
  const block = (value: number) => (top > 0 ? Math.min(7, Math.floor((value / top) * 8)) : 0);
  return columns.map(value => (value === undefined ? ' ' : (blocks[block(value)] ?? ' '))).join('');
}
