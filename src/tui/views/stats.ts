import { formatBytes } from '../../lib/format-bytes.ts';
import { type Line, lineChart, type Span, spansWidth, sparkline, type Theme } from '../components/index.ts';
import {
  emptyHistory,
  formatCoreColumn,
  formatMebibytes,
  type State,
  selectedContainer,
} from '../model/index.ts';

const MIB = 1024 ** 2;
/** Seconds that a chart shows at least. */
const shortestSpan = 40;

/** CPU, memory and network of the selected container over the last minutes, with its limits as lines. */
export function statsLines(state: State, width: number, height: number, theme: Theme): Line[] {
  const container = selectedContainer(state);
  const usage = container === undefined ? undefined : state.usages.get(container.id);
  if (container === undefined || usage === undefined)
    return [{ spans: [[' Not running, so there is nothing to measure.', 'dim']] }];
  const history = state.histories.get(container.id) ?? emptyHistory;
  const { limits } = container;
  const cpuLimit = limits.cpus;
  const memoryLimit = limits.memoryBytes;
  const span = Math.max(shortestSpan, history.cpuCores.length);
  const facts = factLines(state, width, theme);
  const columns = width >= 150 ? 3 : width >= 76 ? 2 : 1;
  const chartWidth = Math.floor((width - 2) / columns) - 1;
  const chartHeight = height - 1 - (height >= 12 ? facts.length : 0);
  if (!theme.capabilities.unicode || chartHeight < 6)
    return [...sparkLines(state, width, theme), ...facts].slice(0, height);
  const charts = [
    chart(
      [
        ['CPU', 'strong'],
        [` ${formatCoreColumn(usage.cpuCores)} cores`, 'used'],
        [cpuLimit === undefined ? '' : ` of ${cpuLimit}`, 'dim'],
      ],
      history.cpuCores,
      cpuLimit,
      0.1,
    ),
    chart(
      [
        ['MEM', 'strong'],
        [` ${formatMebibytes(usage.memory.workingSetBytes)} MiB`, 'used'],
        [memoryLimit === undefined ? '' : ` of ${formatMebibytes(memoryLimit)}`, 'dim'],
      ],
      history.memoryBytes.map(bytes => bytes / MIB),
      memoryLimit === undefined ? undefined : memoryLimit / MIB,
      4,
    ),
    chart(
      [
        ['NET', 'strong'],
        [' in', 'used'],
        [' and out', 'rest'],
        [' kB/s', 'dim'],
      ],
      history.rxPerSecond.map(bytes => bytes / 1000),
      undefined,
      1,
      history.txPerSecond.map(bytes => bytes / 1000),
    ),
  ];
  const shown = charts.slice(0, columns);
  const rows = Array.from(
    { length: chartHeight + 1 },
    (_, y): Line => ({
      spans: shown.flatMap((lines): Span[] => [[' '], [rendered(lines[y], chartWidth, theme), 'ready']]),
    }),
  );
  return [...rows, ...(height >= 12 ? facts : [])];

  function chart(
    title: Span[],
    values: readonly number[],
    limit: number | undefined,
    atLeast: number,
    second?: readonly number[],
  ): Line[] {
    const near = limit !== undefined && Math.max(...values, 0) > limit * 0.4;
    const curves = [
      ...(near ? [{ values: new Array<number>(span).fill(limit), tone: 'reserved' as const }] : []),
      ...(second === undefined ? [] : [{ values: second, tone: 'rest' as const }]),
      { values, tone: 'used' as const },
    ];
    const lines = lineChart({
      curves,
      span,
      atLeast,
      width: chartWidth,
      height: chartHeight,
      theme,
    });
    return [{ spans: title }, ...lines];
  }
}

function rendered(line: Line | undefined, width: number, theme: Theme): string {
  return theme.render(line ?? { spans: [] }, width);
}

function sparkLines(state: State, width: number, theme: Theme): Line[] {
  const container = selectedContainer(state);
  const history = state.histories.get(container?.id ?? '') ?? emptyHistory;
  const room = Math.min(60, width - 24);
  const line = (label: string, values: readonly number[], now: string): Line => ({
    spans: [
      [` ${label} `, 'strong'],
      [sparkline(values, room, Math.max(...values, 0.01), theme.glyphs), 'used'],
      [` ${now}`],
    ],
  });
  const last = (values: readonly number[]): number => values.at(-1) ?? 0;
  return [
    line('CPU', history.cpuCores, `${formatCoreColumn(last(history.cpuCores))} cores`),
    line('MEM', history.memoryBytes, `${formatMebibytes(last(history.memoryBytes))} MiB`),
    line('NET', history.rxPerSecond, `${formatBytes(last(history.rxPerSecond))}/s in`),
  ];
}

/** What no chart shows, as much of it as there is room for. */
function factLines(state: State, width: number, theme: Theme): Line[] {
  const container = selectedContainer(state);
  const usage = state.usages.get(container?.id ?? '');
  if (container === undefined || usage === undefined) return [];
  const { memory, sample } = usage;
  const peak = memory.peakBytes === undefined ? theme.glyphs.dash : formatBytes(memory.peakBytes);
  const throttled = Math.round(usage.throttledShare * 100);
  return [
    inRoom(width, [
      fact('anon', formatBytes(memory.anonBytes)),
      fact('file', formatBytes(memory.fileBytes)),
      fact('kernel', formatBytes(memory.kernelBytes)),
      fact('peak', peak),
      fact('oom kills', String(memory.oomKills), memory.oomKills > 0),
    ]),
    inRoom(width, [
      fact('throttled', `${throttled}%`, throttled > 0),
      fact('read', `${formatBytes(usage.blockReadPerSecond)}/s`),
      fact('write', `${formatBytes(usage.blockWritePerSecond)}/s`),
      fact('pids', String(sample.pids.current)),
      fact('restarts', String(container.state.restartCount), container.state.restartCount > 0),
    ]),
  ];
}

function fact(label: string, value: string, alarm = false): Span[] {
  return [
    [` ${label} `, 'dim'],
    [value, alarm ? 'bad' : 'text'],
    [' '.repeat(Math.max(1, 20 - label.length - value.length))],
  ];
}

function inRoom(width: number, facts: readonly Span[][]): Line {
  const spans: Span[] = [];
  for (const one of facts) if (spansWidth([...spans, ...one]) <= width) spans.push(...one);
  return { spans };
}
