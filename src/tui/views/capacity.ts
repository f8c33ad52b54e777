import {
  type AdvisedContainer,
  coreLimit,
  gradeOf,
  type Percentiles,
  type ResourceAdvice,
} from '../../capacity/index.ts';
import type { HistoryPoint } from '../../engine/index.ts';
import { wrapWords } from '../../lib/cell-text.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import { formatCores } from '../../lib/format-cores.ts';
import { formatDuration } from '../../lib/format-duration.ts';
import { formatPercent } from '../../lib/format-percent.ts';
import {
  type Curve,
  gradeTones,
  type Line,
  lineChart,
  type Span,
  sparkline,
  type Theme,
  type Tone,
} from '../components/index.ts';
import {
  type Area,
  type Chart,
  currentTab,
  formatCoreColumn,
  formatGibibytes,
  layoutOf,
  type State,
  shownWindow,
} from '../model/index.ts';
import { verdictSpan } from './advice-columns.ts';
import { machineRings } from './rings.ts';

const GIB = 1024 ** 3;
/** Columns of time in a chart. */
const buckets = 120;
const stackTones: readonly Tone[] = ['first', 'second', 'third', 'fourth'];

/** The detail pane of the capacity list: how the machine was used, or why a container is advised what it is. */
export function capacityContent(
  state: State,
  row: AdvisedContainer | undefined,
  area: Area,
  theme: Theme,
): Line[] {
  return currentTab(state) === 'why' && row !== undefined
    ? whyLines(state, row, area, theme)
    : machineLines(state, area, theme);
}

/** The time that the charts show, in the edge. */
export function chartAside(state: State): Span[] {
  const window = currentTab(state) === 'machine' ? shownWindow(state) : undefined;
  if (window === undefined) return [];
  return [...gradeSpans(state), [`last ${formatDuration(window)}`, 'dim']];
}

/** How well the machine is used, by the percentiles of what was recorded. */
function gradeSpans({ capacity, load }: State): Span[] {
  const use = capacity?.machineUse;
  if (use === undefined || load === undefined) return [];
  const grade = gradeOf({ ...load.cpu, usedP95: use.cpu.p95 }, { ...load.memory, usedP95: use.memory.p95 });
  return [
    ['grade ', 'dim'],
    [grade, gradeTones[grade]],
    ['  ', 'dim'],
  ];
}

/** The load line over time: containers upon one another, the whole machine, what is reserved, and what there is. */
function machineLines(state: State, { width, height }: Area, theme: Theme): Line[] {
  const { capacity, load } = state;
  if (capacity === undefined || load === undefined) return [{ spans: [[' reading the history', 'dim']] }];
  if (capacity.machine.points.length === 0)
    return [
      { spans: [[' Nothing was recorded in this time. The dashboard records while it is open.', 'dim']] },
    ];
  const columns = width >= 76 ? 2 : 1;
  const rings = ringRoom(state, { width, height }, theme);
  const size = { width: Math.floor((width - rings - 2) / columns) - 1, height };
  const resources = [
    {
      ...{ label: 'CPU', unit: 'cores', inWords: formatCoreColumn, scale: 1, load: load.cpu },
      ...(capacity.machineUse === undefined ? {} : { use: capacity.machineUse.cpu }),
      ...{ top: capacity.topCpu, of: ({ cpuMean }: HistoryPoint) => cpuMean },
    },
    {
      ...{ label: 'MEM', unit: 'GiB', inWords: formatGibibytes, scale: GIB, load: load.memory },
      ...(capacity.machineUse === undefined ? {} : { use: capacity.machineUse.memory }),
      ...{ top: capacity.topMemory, of: ({ memoryMean }: HistoryPoint) => memoryMean },
    },
  ];
  const drawn = resources.map(resource =>
    stackedChart({ ...resource, machine: capacity.machine }, size, theme),
  );
  if (columns === 1) return drawn.flat().map(({ spans }) => ({ spans: [[' '], ...spans] }));
  const ringLines = rings === 0 ? [] : machineRings(load, rings - 1, Math.min(height, ringHeight), theme);
  return Array.from({ length: height }, (_, y): Line => {
    const cell = (lines: Line[] | undefined): Span[] => [
      [' '],
      [theme.render(lines?.[y] ?? { spans: [] }, size.width), 'ready'],
    ];
    return { spans: [...ringSpans(ringLines[y], rings, theme), ...drawn.flatMap(cell)] };
  });
}

const ringWidth = 26;
const ringHeight = 9;

/** Cells for the machine's rings; none where the side of the screen has them, or a chart would get too small. */
function ringRoom(state: State, { width, height }: Area, { capabilities }: Theme): number {
  const fits = width >= 106 && height >= ringHeight && capabilities.unicode;
  return fits && layoutOf(state).side.width === 0 ? ringWidth : 0;
}

function ringSpans(line: Line | undefined, width: number, theme: Theme): Span[] {
  return width === 0 ? [] : [[theme.render(line ?? { spans: [] }, width), 'ready']];
}

interface Stack {
  readonly label: string;
  readonly unit: string;
  readonly inWords: (value: number) => string;
  /** What a unit of the axis is, in that of the load. */
  readonly scale: number;
  readonly load: { readonly capacity: number; readonly used: number; readonly reservedUnused: number };
  readonly top: readonly Chart[];
  readonly use?: Percentiles;
  readonly machine: Chart;
  readonly of: (point: HistoryPoint) => number;
}

function stackedChart(stack: Stack, { width, height }: Area, theme: Theme): Line[] {
  const { label, unit, inWords, load, scale, machine, of, top } = stack;
  const title: Span[] = [
    [label, 'strong'],
    [` ${inWords(load.used)}`, 'rest'],
    [` of ${inWords(load.capacity)} ${unit}`, 'dim'],
    ...percentileSpans(stack, width),
  ];
  const whole = series(machine, of, scale);
  if (!theme.capabilities.unicode || height < 7) {
    const room = Math.max(8, width - 4);
    const bars = sparkline(lastOf(whole, room), room, load.capacity / scale, theme.glyphs);
    return [{ spans: title }, { spans: [[bars, 'used']] }];
  }
  const layers = width >= 36 ? stacked(top.map(chart => series(chart, of, scale))) : [];
  const flat = (value: number, tone: Tone): Curve => ({ values: whole.map(() => value / scale), tone });
  const curves: Curve[] = [
    flat(load.capacity, 'dim'),
    ...(load.reservedUnused > 0 ? [flat(load.used + load.reservedUnused, 'reserved')] : []),
    { values: whole, tone: 'rest' },
    ...layers.map((values, i): Curve => ({ values, tone: stackTones[i] ?? 'used' })).toReversed(),
  ];
  const seconds = Math.max(1, Math.round((machine.until - machine.since) / 1000 / buckets));
  const chart = lineChart({
    ...{ curves, span: buckets, seconds, atLeast: load.capacity / scale, width, height: height - 2, theme },
  });
  return [{ spans: title }, ...chart, { spans: legend(stack, layers.length, theme) }];
}

/** Of the time that advice looks at, where there is room. */
function percentileSpans({ use, inWords }: Stack, width: number): Span[] {
  if (use === undefined) return [];
  const { median, p95, p99, max } = use;
  const all = `  P50 ${inWords(median)}  P95 ${inWords(p95)}  P99 ${inWords(p99)}  max ${inWords(max)}`;
  const some = `  P95 ${inWords(p95)}  max ${inWords(max)}`;
  return width >= 66 ? [[all, 'faint']] : width >= 42 ? [[some, 'faint']] : [];
}

function legend({ top, load }: Stack, layers: number, { glyphs }: Theme): Span[] {
  const key = (name: string, tone: Tone): Span[] => [
    [` ${glyphs.used} `, tone],
    [name, 'dim'],
  ];
  return [
    ...key('machine', 'rest'),
    ...(load.reservedUnused > 0 ? key('reserved', 'reserved') : []),
    ...top.slice(0, layers).flatMap(({ name }, i) => key(name, stackTones[i] ?? 'used')),
  ];
}

/** A value for each column of time; NaN where nothing was measured. */
function series(
  { points, since, until }: Chart,
  of: (point: HistoryPoint) => number,
  scale: number,
): number[] {
  const width = Math.max(1, (until - since) / buckets);
  const sums = new Array<number>(buckets).fill(0);
  const counts = new Array<number>(buckets).fill(0);
  for (const point of points) {
    const i = Math.min(buckets - 1, Math.max(0, Math.floor((point.time - since) / width)));
    sums[i] = (sums[i] ?? 0) + of(point) / scale;
    counts[i] = (counts[i] ?? 0) + 1;
  }
  return sums.map((sum, i) => sum / (counts[i] || Number.NaN));
}

/** Each upon those before it. What was not there yet adds nothing; where none was, there is a gap. */
function stacked(layers: readonly number[][]): number[][] {
  let below = new Array<number>(buckets).fill(Number.NaN);
  return layers.map(layer => {
    below = below.map((base, i) => {
      const value = layer[i] ?? Number.NaN;
      if (Number.isNaN(value)) return base;
      return Number.isNaN(base) ? value : base + value;
    });
    return below;
  });
}

function lastOf(values: readonly number[], room: number): number[] {
  const step = Math.max(1, Math.ceil(values.length / room));
  return values.filter((_, i) => i % step === 0).map(value => (Number.isNaN(value) ? 0 : value));
}

/** Why a container is advised what it is: the rule's steps, the window, and charts with limit and need as lines. */
function whyLines(state: State, row: AdvisedContainer, { width, height }: Area, theme: Theme): Line[] {
  const { advice } = row;
  const head: Line = {
    spans: [
      [' '],
      verdictSpan(row),
      [`  ${measuredWords(advice)}`, 'dim'],
      [riskWords(advice.throttledShare ?? 0), 'warn'],
    ],
  };
  const { cpu, memory } = advice;
  const chart = state.why?.id === row.id && state.why.points.length > 0 ? state.why : undefined;
  const text =
    cpu === undefined || memory === undefined
      ? [head, ...tooFewLines(chart, width)]
      : [
          head,
          ...reasons({ label: 'cores', inWords: formatCores }, cpu, width),
          ...reasons({ label: 'memory', inWords: formatBytes }, memory, width),
        ];
  const room = height - text.length;
  if (chart === undefined || room < 7 || !theme.capabilities.unicode) return text;
  const lines = {
    cpu: { limit: coreLimit(row.limits), needed: cpu?.needed },
    memory: { limit: row.limits.memoryBytes, needed: memory?.needed },
  };
  return [...whyCharts(chart, lines, { width, height: Math.min(room, 16) }, theme), ...text];
}

function measuredWords({ points, measuredSeconds }: AdvisedContainer['advice']): string {
  return points === 0
    ? 'nothing recorded yet'
    : `${formatDuration(measuredSeconds * 1000)} measured in ${points} points`;
}

/** What can be said before there is advice: what was seen so far. */
function tooFewLines(chart: Chart | undefined, width: number): Line[] {
  const hint = sentence(
    'There is no advice before three hours and 100 points are recorded.',
    { indent: 1, width },
    'dim',
  );
  if (chart === undefined) return hint;
  const highest = (of: (point: HistoryPoint) => number) => Math.max(...chart.points.map(of));
  const [cores, bytes] = [highest(({ cpuMax }) => cpuMax), highest(({ memoryMax }) => memoryMax)];
  const seen = `So far at most ${formatCores(cores)} cores and ${formatBytes(bytes)}.`;
  return [...sentence(seen, { indent: 1, width }), ...hint];
}

/** A sentence on as many lines as it takes. */
function sentence(
  text: string,
  { indent, width }: { readonly indent: number; readonly width: number },
  tone: Tone = 'text',
): Line[] {
  return wrapWords(text, Math.max(8, width - indent - 1)).map(
    (piece): Line => ({ spans: [[' '.repeat(indent)], [piece, tone]] }),
  );
}

/** What is drawn across a chart, where it is known. */
interface ChartMarks {
  readonly limit: number | undefined;
  readonly needed: number | undefined;
}

function whyCharts(
  chart: Chart,
  { cpu, memory }: { readonly cpu: ChartMarks; readonly memory: ChartMarks },
  { width, height }: Area,
  theme: Theme,
): Line[] {
  const seconds = Math.max(1, Math.round((chart.until - chart.since) / 1000 / buckets));
  const each = Math.floor((width - 2) / 2) - 1;
  const draw = (values: number[], { limit, needed }: ChartMarks, scale: number): Line[] => {
    const highest = Math.max(...values.filter(value => !Number.isNaN(value)), (needed ?? 0) / scale);
    const line = (value: number, tone: Tone): Curve => ({ values: values.map(() => value / scale), tone });
    const near = limit !== undefined && limit / scale <= highest * 4; // farther off, it would press the curve flat
    const curves = [
      ...(near ? [line(limit, 'reserved')] : []),
      ...(needed === undefined ? [] : [line(needed, 'good')]),
      { values, tone: 'used' as const },
    ];
    return lineChart({
      curves,
      span: buckets,
      seconds,
      atLeast: 0.01,
      width: each,
      height: height - 1,
      theme,
    });
  };
  const left = draw(
    series(chart, ({ cpuMax }) => cpuMax, 1),
    cpu,
    1,
  );
  const right = draw(
    series(chart, ({ memoryMax }) => memoryMax, 1024 ** 2),
    memory,
    1024 ** 2,
  );
  const title: Line = {
    spans: [
      [' highest use', 'used'],
      [', ', 'dim'],
      ['limit', 'reserved'],
      [' and ', 'dim'],
      ['need', 'good'],
      [`: cores${' '.repeat(Math.max(1, each - 34))}memory, MiB`, 'dim'],
    ],
  };
  const rows = left.map((line, y): Line => {
    const pair = [line, right[y] ?? { spans: [] }];
    return { spans: pair.flatMap((one): Span[] => [[' '], [theme.render(one, each), 'ready']]) };
  });
  return [title, ...rows];
}

function reasons(
  { label, inWords }: { readonly label: string; readonly inWords: (value: number) => string },
  advice: ResourceAdvice,
  width: number,
): Line[] {
  const { limit, median, p95, p99, max, needed, frees, why } = advice;
  return [
    {
      spans: [
        [` ${label.padEnd(7)}`, 'strong'],
        [`P50 ${inWords(median)}, P95 ${inWords(p95)}, P99 ${inWords(p99)}, max ${inWords(max)}`],
        [`, limit ${limit === undefined ? 'none' : inWords(limit)}`, 'dim'],
      ],
    },
    {
      spans: [
        ['        needed ', 'dim'],
        [inWords(needed), 'good'],
        [frees > 0 ? `, which frees ${inWords(frees)}` : '', 'reserved'],
      ],
    },
    ...why.flatMap(step => sentence(step, { indent: 8, width }, 'dim')),
  ];
}

function riskWords(throttled: number): string {
  return throttled < 0.0005 ? '' : `  would wait for CPU in ${formatPercent(throttled * 100)} of its time`;
}
