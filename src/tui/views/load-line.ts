import { neighbourEngines, type ResourceLoad } from '../../capacity/index.ts';
import { formatCores } from '../../lib/format-cores.ts';
import {
  type Line,
  panel,
  plainRows,
  type Span,
  spansWidth,
  stackedBar,
  type Theme,
} from '../components/index.ts';
import { formatCoreColumn, formatGibibytes, type State } from '../model/index.ts';

/**
 * The load line, always on screen: what the VM has, parted into what containers use, what they have reserved but do
 * not use, what the rest uses, and what is free; and the one number, what is wasted. 5 rows with a box, else 3 or 2.
 */
export function loadLineRows(state: State, width: number, height: number, theme: Theme): string[] {
  if (height >= 5) return boxed(state, width, height, theme);
  const lines = bars(state, width, theme).map(line => greyed(line, state));
  return plainRows(
    height >= 3 ? [...lines, legend(width, theme, state.load?.cpu)] : lines,
    width,
    height,
    theme,
  );
}

interface Resource {
  readonly label: string;
  readonly unit: string;
  readonly load: ResourceLoad | undefined;
  readonly format: (value: number) => string;
  /** For the capacity, which has no use for zeros at its end. */
  readonly whole: (value: number) => string;
}

function resources(state: State): readonly [Resource, Resource] {
  return [
    { label: 'CPU', unit: 'cores', load: state.load?.cpu, format: formatCoreColumn, whole: formatCores },
    { label: 'MEM', unit: 'GiB', load: state.load?.memory, format: formatGibibytes, whole: wholeGibibytes },
  ];
}

/** What an engine elsewhere said last, while it does not answer. */
function greyed(line: Line, state: State): Line {
  return state.remote?.lost === undefined ? line : { ...line, look: 'stale' };
}

function boxed(state: State, width: number, height: number, theme: Theme): string[] {
  const inner = width - 4;
  const [cpu, memory] = resources(state);
  const numbers = [cpu, memory].map(resource => numberSpans(resource, inner >= 110));
  const numbersWidth = Math.max(...numbers.map(spansWidth));
  const lines = [cpu, memory].map((resource, i): Line => {
    const spans = numbers[i] ?? [];
    const barWidth = inner - 5 - numbersWidth - 2;
    const space: Span = [' '.repeat(2 + numbersWidth - spansWidth(spans))];
    return {
      spans: [
        [' '],
        [`${resource.label}  `, 'strong'],
        ...bar(resource.load, barWidth, theme),
        space,
        ...spans,
      ],
    };
  });
  const options = {
    title: [['load line', 'strong']] as const,
    aside: wasted(state, width >= 100),
    width,
    height,
    focused: false,
  };
  const key = legend(inner, theme, state.load?.cpu).spans;
  const shown = lines.map(line => greyed(line, state));
  return panel([...shown, { spans: [...key, ...held(state, inner + 1 - spansWidth(key))] }], options, theme);
}

/** `WASTED 5.49 of 8 cores, 9.1 of 15.6 GiB`. */
function wasted(state: State, long: boolean): Span[] {
  const { load } = state;
  if (load === undefined) return [['reading', 'dim']];
  const of = (
    resource: ResourceLoad,
    format: (n: number) => string,
    whole: (n: number) => string,
  ): Span[] => [
    [format(resource.wasted), 'strong'],
    [long ? ` of ${whole(resource.capacity)}` : '', 'dim'],
  ];
  return [
    ['WASTED ', 'reserved'],
    ...of(load.cpu, formatCoreColumn, formatCores),
    [' cores  ', 'dim'],
    ...of(load.memory, formatGibibytes, wholeGibibytes),
    [' GiB', 'dim'],
  ];
}

/** How much of the waste unused reservations hold, where there is room to say so. */
function held(state: State, room: number): Span[] {
  const { load } = state;
  if (load === undefined) return [];
  const spans: Span[] = [
    ['reservations hold ', 'dim'],
    [formatCoreColumn(load.cpu.wastedHeldByReservations), 'reserved'],
    [' cores  ', 'dim'],
    [formatGibibytes(load.memory.wastedHeldByReservations), 'reserved'],
    [' GiB', 'dim'],
  ];
  const space = room - spansWidth(spans);
  return space < 2 ? [] : [[' '.repeat(space)], ...spans];
}

function numberSpans({ load, format, whole, unit }: Resource, long: boolean): Span[] {
  if (load === undefined) return [];
  const column = (value: number): string => format(value).padStart(5);
  if (!long)
    return [
      [column(load.used), 'used'],
      [` of ${whole(load.capacity)} ${unit} used`, 'dim'],
    ];
  return [
    [column(load.usedByContainers), 'used'],
    [' used ', 'dim'],
    ...beside(load, column),
    [column(load.reservedUnused), 'reserved'],
    [' reserved ', 'dim'],
    [column(load.usedByOthers), 'rest'],
    [' rest ', 'dim'],
    [column(load.free), 'text'],
    [' free', 'dim'],
    [`  of ${whole(load.capacity)} ${unit}`, 'dim'],
  ];
}

/** What containers of other engines use, where there are any. */
function beside(load: ResourceLoad, column: (value: number) => string): Span[] {
  const engines = neighbourEngines(load);
  return engines.length === 0
    ? []
    : [
        [column(load.usedByNeighbours), 'third'],
        [` ${engines.join('+')} `, 'dim'],
      ];
}

function bars(state: State, width: number, theme: Theme): Line[] {
  const pair = resources(state);
  const ends = pair.map((resource): Span[] => {
    const { load, format, whole, unit } = resource;
    if (load === undefined) return [];
    const of =
      width >= 60 ? ` of ${whole(load.capacity)} ${unit} wasted` : `/${whole(load.capacity)} ${unit}`;
    return [
      [format(load.wasted).padStart(5), 'reserved'],
      [of, 'dim'],
    ];
  });
  const endWidth = Math.max(...ends.map(spansWidth));
  return pair.map(({ label, load }, i) => {
    const end = ends[i] ?? [];
    const space: Span = [' '.repeat(1 + endWidth - spansWidth(end))];
    const spans: Span[] = [
      [` ${label} `, 'strong'],
      ...bar(load, width - 6 - endWidth - 1, theme),
      ...end,
      space,
    ];
    return { spans };
  });
}

function bar(load: ResourceLoad | undefined, width: number, theme: Theme): Span[] {
  const { glyphs } = theme;
  if (load === undefined) return [[glyphs.free.repeat(Math.max(0, width)), 'faint']];
  return stackedBar(
    [
      { value: load.usedByContainers, glyph: glyphs.used, tone: 'used' },
      { value: load.usedByNeighbours, glyph: glyphs.beside, tone: 'third' },
      { value: load.reservedUnused, glyph: glyphs.reserved, tone: 'reserved' },
      { value: load.usedByOthers, glyph: glyphs.rest, tone: 'rest' },
      { value: load.free, glyph: glyphs.free, tone: 'free' },
    ],
    Math.max(0, width),
  );
}

function legend(width: number, { glyphs }: Theme, load: ResourceLoad | undefined): Line {
  const engines = load === undefined ? [] : neighbourEngines(load);
  const long = width >= (engines.length === 0 ? 70 : 90);
  const theirs: Span[] =
    engines.length === 0
      ? []
      : [
          [glyphs.beside, 'third'],
          [` ${long ? 'of ' : ''}${engines.join('+')}${long ? '   ' : '  '}`, 'dim'],
        ];
  return {
    spans: [
      [' '],
      [glyphs.used, 'used'],
      [long ? ' used by containers   ' : ' used  ', 'dim'],
      ...theirs,
      [glyphs.reserved, 'reserved'],
      [long ? ' reserved, not used   ' : ' reserved  ', 'dim'],
      [glyphs.rest, 'rest'],
      [long ? ' rest of the VM   ' : ' rest  ', 'dim'],
      [glyphs.free, 'free'],
      [' free', 'dim'],
    ],
  };
}

function wholeGibibytes(bytes: number): string {
  return formatGibibytes(bytes).replace(/\.0$/, '');
}
