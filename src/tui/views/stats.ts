import type { ContainerSummary, ContainerUsage } from '../../engine/index.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import {
  type Curve,
  type Line,
  lineChart,
  type Span,
  spansWidth,
  sparkline,
  type Theme,
} from '../components/index.ts';
import {
  emptyHistory,
  formatCoreColumn,
  formatMebibytes,
  type History,
  type State,
  selectedContainer,
} from '../model/index.ts';

const MIB = 1024 ** 2;
/** Seconds that a chart shows at least. */
const shortestSpan = 40;

/** CPU, memory, network and disk of the selected container over the last minutes, with its limits as lines. */
export function statsLines(state: State, width: number, height: number, theme: Theme): Line[] {
  const container = selectedContainer(state);
  const usage = container === undefined ? undefined : state.usages.get(container.id);
  if (container === undefined || usage === undefined)
    return [{ spans: [[' Not running, so there is nothing to measure.', 'dim']] }];
  const facts = factLines(state, width, theme);
  const room = height - (height >= 12 ? facts.length : 0);
  if (!theme.capabilities.unicode || room < 7)
    return [...sparkLines(state, width, theme), ...facts].slice(0, height);
  const history = state.histories.get(container.id) ?? emptyHistory;
  const charts = chartsOf(container, usage, history);
  const columns = width >= 150 ? 3 : width >= 76 ? 2 : 1;
  const bands = room >= 20 ? 2 : 1;
  const size = { width: Math.floor((width - 2) / columns) - 1, height: Math.floor(room / bands) };
  const span = Math.max(shortestSpan, history.cpuCores.length);
  const drawn = charts.slice(0, columns * bands).map(chart => drawChart(chart, span, size, theme));
  const rows = Array.from({ length: bands }, (_, band) => {
    const side = drawn.slice(band * columns, (band + 1) * columns);
    return Array.from({ length: size.height }, (_row, y): Line => {
      return {
        spans: side.flatMap((lines): Span[] => [[' '], [rendered(lines[y], size.width, theme), 'ready']]),
      };
    });
  });
  return [...rows.flat(), ...(height >= 12 ? facts : [])];
}

interface Chart {
  readonly title: readonly Span[];
  readonly values: readonly number[];
  /** Drawn behind the first, in another colour. */
  readonly second?: readonly number[];
  readonly limit?: number;
  /** The axis reaches at least this. */
  readonly atLeast: number;
}

function chartsOf({ limits }: ContainerSummary, usage: ContainerUsage, history: History): readonly Chart[] {
  const of = (limit: string | undefined): Span => [limit === undefined ? '' : ` of ${limit}`, 'dim'];
  const limitMebibytes = limits.memoryBytes === undefined ? undefined : formatMebibytes(limits.memoryBytes);
  return [
    {
      title: [
        ['CPU', 'strong'],
        [` ${formatCoreColumn(usage.cpuCores)} cores`, 'used'],
        of(limits.cpus?.toString()),
      ],
      values: history.cpuCores,
      ...(limits.cpus === undefined ? {} : { limit: limits.cpus }),
      atLeast: 0.1,
    },
    {
      title: [
        ['MEM', 'strong'],
        [` ${formatMebibytes(usage.memory.workingSetBytes)} MiB`, 'used'],
        of(limitMebibytes),
      ],
      values: history.memoryBytes.map(bytes => bytes / MIB),
      ...(limits.memoryBytes === undefined ? {} : { limit: limits.memoryBytes / MIB }),
      atLeast: 4,
    },
    {
      title: [
        ['NET', 'strong'],
        [' in', 'used'],
        [' and out', 'rest'],
        [' kB/s', 'dim'],
      ],
      values: history.rxPerSecond.map(bytes => bytes / 1000),
      second: history.txPerSecond.map(bytes => bytes / 1000),
      atLeast: 1,
    },
    {
      title: [
        ['DISK', 'strong'],
        [' read', 'used'],
        [' and written', 'rest'],
        [' kB/s', 'dim'],
      ],
      values: history.readPerSecond.map(bytes => bytes / 1000),
      second: history.writePerSecond.map(bytes => bytes / 1000),
      atLeast: 1,
    },
  ];
}

function drawChart(
  { title, values, second, limit, atLeast }: Chart,
  span: number,
  size: { readonly width: number; readonly height: number },
  theme: Theme,
): Line[] {
  // A limit far above the use would press the curve flat.
  const near = limit !== undefined && Math.max(...values, 0) > limit * 0.4;
  const curves: Curve[] = [];
  if (near) curves.push({ values: new Array<number>(span).fill(limit), tone: 'reserved' });
  if (second !== undefined) curves.push({ values: second, tone: 'rest' });
  curves.push({ values, tone: 'used' });
  return [
    { spans: title },
    ...lineChart({ curves, span, atLeast, width: size.width, height: size.height - 1, theme }),
  ];
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
