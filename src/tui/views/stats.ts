import { fitCells } from '../../lib/cell-text.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import { gaugeChart, type Line, lineChart, type Span, sparkline, type Theme } from '../components/index.ts';
import {
  emptyHistory,
  formatCoreColumn,
  formatMebibytes,
  historyLength,
  type State,
  selectedContainer,
} from '../model/index.ts';

const MIB = 1024 ** 2;

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
  const facts = factLines(state, theme);
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
      ...(near ? [{ values: new Array<number>(historyLength).fill(limit), tone: 'reserved' as const }] : []),
      ...(second === undefined ? [] : [{ values: second, tone: 'rest' as const }]),
      { values, tone: 'used' as const },
    ];
    const labels = ['3m', '2m', '1m'];
    const lines = lineChart({
      curves,
      span: historyLength,
      labels,
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

function factLines(state: State, theme: Theme): Line[] {
  const container = selectedContainer(state);
  const usage = state.usages.get(container?.id ?? '');
  if (container === undefined || usage === undefined) return [];
  const { memory, sample } = usage;
  const cell = (label: string, value: string, alarm = false): Span[] => [
    [` ${label} `, 'dim'],
    [fitCells(value, Math.max(9, value.length)), alarm ? 'bad' : 'text'],
  ];
  const throttled = usage.throttledShare > 0.005;
  const lines: Line[] = [
    {
      spans: [
        ...cell('anon', formatBytes(memory.anonBytes)),
        ...cell('file', formatBytes(memory.fileBytes)),
        ...cell('kernel', formatBytes(memory.kernelBytes)),
        ...cell('peak', memory.peakBytes === undefined ? theme.glyphs.dash : formatBytes(memory.peakBytes)),
        ...cell('oom kills', String(memory.oomKills), memory.oomKills > 0),
      ],
    },
    {
      spans: [
        ...cell('throttled', `${(usage.throttledShare * 100).toFixed(0)}%`, throttled),
        ...cell('read', `${formatBytes(usage.blockReadPerSecond)}/s`),
        ...cell('write', `${formatBytes(usage.blockWritePerSecond)}/s`),
        ...cell('pids', String(sample.pids.current)),
        ...cell('restarts', String(container.state.restartCount), container.state.restartCount > 0),
      ],
    },
  ];
  return lines;
}

/** How full the limit is, as a wide gauge: for the side column. */
export function limitGauge(share: number, width: number, theme: Theme): Line[] {
  return gaugeChart(share, share > 0.9 ? 'bad' : 'used', width, theme);
}
