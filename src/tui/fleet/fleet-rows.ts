import type { ContainerMove, FleetMachine, FleetResource, FleetRow } from '../../capacity/index.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import { formatCores } from '../../lib/format-cores.ts';
import { formatPercent } from '../../lib/format-percent.ts';
import {
  type Column,
  type Line,
  meter,
  panel,
  plainRows,
  type Span,
  spansWidth,
  stackedBar,
  type Theme,
  tableLines,
} from '../components/index.ts';
import { formatAge, formatClock, formatGibibytes } from '../model/index.ts';
import { fleetKeys } from './fleet-keys.ts';
import { machineColumns } from './machine-columns.ts';
import { type FleetState, fleetLayout, listRoom, selectedIndex, shownMachines } from './model.ts';

/** The whole screen, as finished rows of the terminal's width. */
export function fleetScreen(state: FleetState, theme: Theme): string[] {
  const { columns: width } = state.size;
  const { bars, list, detail } = fleetLayout(state);
  const rows = [
    ...plainRows([headerLine(state, theme)], width, 1, theme),
    ...barRows(state, bars, theme),
    ...(state.isHelpOpen
      ? helpPanel(width, list + detail, theme)
      : [
          ...(state.view === 'moves' ? movesPanel(state, list, theme) : machinesPanel(state, list, theme)),
          ...(detail > 0 ? detailPanel(state, detail, theme) : []),
        ]),
    ...plainRows([footerLine(state, theme)], width, 1, theme),
  ];
  return rows.slice(0, state.size.rows);
}

function headerLine({ table: { total }, now, size }: FleetState, { glyphs }: Theme): Line {
  const dot: Span = [` ${glyphs.dot} `, 'faint'];
  const silent = total.machines - total.answering;
  const left: Span[] = [
    [' plimsoll ', 'accent'],
    [' '],
    ['fleet', 'strong'],
    dot,
    [`${total.machines} ${total.machines === 1 ? 'machine' : 'machines'}`, 'dim'],
    dot,
    silent === 0 ? ['all answer', 'good'] : [`${silent} ${silent === 1 ? 'does' : 'do'} not answer`, 'warn'],
  ];
  return spread(left, [[`${formatClock(now)} `, 'dim']], size.columns);
}

function barRows(state: FleetState, height: number, theme: Theme): string[] {
  const { total } = state.table;
  const { columns: width } = state.size;
  const inner = height >= 5 ? width - 3 : width;
  const lines = [
    barLine('CPU', total.cpu, { width: inner, theme, unit: 'cores', inWords: groupedCores }),
    barLine('MEM', total.memory, { width: inner, theme, unit: 'GiB', inWords: formatGibibytes }),
  ];
  if (height < 5) return plainRows(lines, width, height, theme);
  const { glyphs } = theme;
  const legend: Line = {
    spans: [[' '], [glyphs.used, 'used'], [' used   ', 'dim'], [glyphs.free, 'free'], [' wasted', 'dim']],
  };
  const options = {
    title: [[width < 70 ? 'load line' : 'load line of the fleet', 'strong']] as const,
    aside: wastedSpans(state),
    ...{ width, height, focused: false },
  };
  return panel([...lines, legend], options, theme);
}

function wastedSpans({ table: { total }, terms: { prices }, size }: FleetState): Span[] {
  const share = ({ wasted, capacity }: FleetResource) =>
    formatPercent((wasted / Math.max(capacity, 1e-9)) * 100);
  const spans: Span[] = [
    ['WASTED ', 'dim'],
    [share(total.cpu), 'reserved'],
    [size.columns < 60 ? ' CPU, ' : ' of the cores, ', 'dim'],
    [share(total.memory), 'reserved'],
    [size.columns < 60 ? ' memory' : ' of the memory', 'dim'],
  ];
  if (total.monthlyWaste !== undefined && size.columns >= 90)
    spans.push(
      [', ', 'dim'],
      [Math.round(total.monthlyWaste).toLocaleString('en'), 'reserved'],
      [` ${aMonth(prices)}`, 'dim'],
    );
  return spans;
}

/** `EUR a month`, or without what nobody has named. */
function aMonth(prices: { readonly currency: string } | undefined): string {
  return `${prices?.currency ?? ''} a month`.trimStart();
}

/** `12,400` of many, `19.3` of few. */
function groupedCores(cores: number): string {
  return cores < 1000 ? formatCores(cores) : Math.round(cores).toLocaleString('en');
}

function barLine(
  label: string,
  { capacity, used, wasted }: FleetResource,
  {
    width,
    theme,
    unit,
    inWords,
  }: {
    readonly width: number;
    readonly theme: Theme;
    readonly unit: string;
    readonly inWords: (value: number) => string;
  },
): Line {
  const { glyphs } = theme;
  const end: Span[] = [
    ['  '],
    [inWords(wasted).padStart(6), 'reserved'],
    [` of ${inWords(capacity).padStart(6)} ${unit.padEnd(5)} wasted `, 'dim'],
  ];
  const bar = stackedBar(
    [
      { value: used, glyph: glyphs.used, tone: 'used' },
      { value: wasted, glyph: glyphs.free, tone: 'free' },
    ],
    Math.max(0, width - 6 - spansWidth(end)),
  );
  return { spans: [[` ${label}  `, 'strong'], ...bar, ...end] };
}

function machinesPanel(state: FleetState, height: number, theme: Theme): string[] {
  const rows = shownMachines(state);
  const index = selectedIndex(state, rows);
  const room = listRoom(state);
  const start = Math.max(0, Math.min(index - Math.floor(room / 2), rows.length - room));
  const selected = rows[index]?.name;
  const { head, rows: lines } = tableLines({
    columns: machineColumns(theme, {
      prices: state.terms.prices,
      isPriced: state.table.total.monthlyCost !== undefined,
    }),
    rows: rows.slice(start, start + room),
    width: state.size.columns - 3,
    sort: { key: sortedColumn(state), descending: state.sort !== 'name' },
    look: (row: FleetRow) =>
      row.name === selected ? 'selected' : row.status === 'silent' ? 'stale' : undefined,
    theme,
  });
  const empty: Line = {
    spans: [[state.filter === '' ? ' No machine yet' : ' Nothing matches the filter.', 'dim']],
  };
  return panel(
    [head, ...(lines.length === 0 ? [empty] : lines)],
    {
      title: [
        ['machines', 'key'],
        [`  by ${state.sort}`, 'dim'],
      ],
      aside: state.filter === '' ? [] : [['/', 'key'], [state.filter], [` ${rows.length}`, 'dim']],
      foot: rows.length > room ? [[`${index + 1} of ${rows.length}`, 'dim']] : [],
      ...{ width: state.size.columns, height, focused: true },
    },
    theme,
  );
}

function sortedColumn({ sort, table }: FleetState): string {
  if (sort !== 'waste') return sort;
  return table.total.monthlyCost === undefined ? 'cores' : 'money';
}

function movesPanel(state: FleetState, height: number, theme: Theme): string[] {
  const { plan, scroll, size } = state;
  const moves = plan?.moves ?? [];
  const room = listRoom(state);
  const { head, rows: lines } = tableLines({
    ...{ columns: moveColumns, rows: moves.slice(scroll, scroll + room), width: size.columns - 3, theme },
    look: () => undefined,
  });
  const none: Line = { spans: [[' No container has to be moved.', 'dim']] };
  return panel(
    [head, ...(lines.length === 0 ? [none] : lines)],
    {
      title: [
        ['moves', 'key'],
        ['  that empty machines', 'dim'],
      ],
      aside: [
        ['m, esc', 'key'],
        [' back', 'dim'],
      ],
      foot: moves.length > room ? [[`${scroll + 1} of ${moves.length}`, 'dim']] : [],
      ...{ width: size.columns, height, focused: true },
    },
    theme,
  );
}

const moveColumns: readonly Column<ContainerMove>[] = [
  {
    ...{ key: 'container', title: 'CONTAINER', width: 14, grow: 2, most: 32, priority: 0 },
    cell: ({ container }) => [[container, 'strong']],
  },
  { key: 'from', title: 'FROM', width: 12, grow: 1, most: 32, priority: 0, cell: ({ from }) => [[from]] },
  { key: 'to', title: 'TO', width: 12, grow: 1, most: 32, priority: 0, cell: ({ to }) => [[to, 'accent']] },
  {
    ...({ key: 'cores', title: 'CORES P95', width: 9, align: 'right', priority: 1 } as const),
    cell: ({ cpu }) => [[formatCores(cpu.p95)]],
  },
  {
    ...({ key: 'cores-peak', title: 'PEAK', width: 6, align: 'right', priority: 3 } as const),
    cell: ({ cpu }) => [[formatCores(cpu.peak), 'dim']],
  },
  {
    ...({ key: 'memory', title: 'MEM PEAK', width: 9, align: 'right', priority: 2 } as const),
    cell: ({ memory }) => [[formatBytes(memory.peak)]],
  },
];

function detailPanel(state: FleetState, height: number, theme: Theme): string[] {
  const rows = shownMachines(state);
  const row = rows[selectedIndex(state, rows)];
  const isPlan = state.view === 'moves';
  const lines = isPlan ? planLines(state) : row === undefined ? [] : machineLines(state, row, height, theme);
  const title: Span = isPlan ? ['the plan', 'strong'] : [row?.name ?? '', 'strong'];
  const options = { title: [title], width: state.size.columns, height, focused: false };
  return panel(lines, options, theme);
}

function planLines({ plan, terms: { prices } }: FleetState): Line[] {
  if (plan === undefined) return [];
  const money =
    plan.monthlySaving === undefined
      ? ''
      : `, ${Math.round(plan.monthlySaving).toLocaleString('en')} ${aMonth(prices)}`;
  const leftOut = plan.leftOut.map(({ name, why }) => `${name}: ${why}`);
  return [
    {
      spans: [
        [` ${plan.emptied.length} of ${plan.machines} machines could go`, 'good'],
        [
          `: ${formatCores(plan.freedCores)} cores, ${formatBytes(plan.freedBytes)}${money}; ${plan.moves.length} moves`,
        ],
      ],
    },
    {
      spans: [
        [
          ` ${formatPercent(plan.freedShare * 100)} of the fleet; no plan could free more than ${formatPercent(plan.mostFreedShare * 100)}`,
          'dim',
        ],
      ],
    },
    { spans: [[' empty: ', 'dim'], [plan.emptied.map(({ name }) => name).join(', ')]] },
    ...(leftOut.length === 0
      ? []
      : [{ spans: [[' not to be emptied: ', 'dim'] as const, [leftOut.join(', ')] as const] }]),
  ];
}

function machineLines(state: FleetState, row: FleetRow, height: number, theme: Theme): Line[] {
  const dot: Span = [` ${theme.glyphs.dot} `, 'faint'];
  const { hostname, machine, running, cpu, memory, problem, ageMs } = row;
  const what = [hostname, machine, running === undefined ? undefined : `${running} containers`];
  const first: Span[] = what.flatMap((text, i): Span[] =>
    text === undefined || text === '' ? [] : i === 0 ? [[` ${text}`]] : [dot, [text, 'dim']],
  );
  const silent: Line[] =
    problem === undefined
      ? []
      : [
          {
            spans: [
              [` ${ageMs === undefined ? 'has never answered' : `silent for ${formatAge(ageMs)}`}: `, 'bad'],
              [problem],
            ],
          },
        ];
  const figures = (
    label: string,
    one: FleetResource | undefined,
    inWords: (value: number) => string,
  ): Line[] =>
    one === undefined
      ? []
      : [
          {
            spans: [
              [` ${label.padEnd(8)}`, 'dim'],
              [`used ${inWords(one.used)}`],
              [one.usedP95 === undefined ? '' : `, P95 ${inWords(one.usedP95)}`],
              [`  reserved ${inWords(one.reserved)}, wasted ${inWords(one.wasted)}`, 'dim'],
            ],
          },
        ];
  const machineKnown = state.machines.find(({ name }) => name === row.name);
  return [
    { spans: first },
    ...silent,
    ...figures('cores', cpu, formatCores),
    ...figures('memory', memory, formatBytes),
    ...containerLines(machineKnown, height - 6),
  ];
}

/** The largest containers of a machine, as far as there is room. */
function containerLines(machine: FleetMachine | undefined, room: number): Line[] {
  const containers = [...(machine?.report?.containers ?? [])];
  if (room < 2 || containers.length === 0) return [];
  containers.sort((a, b) => b.cpu.p95 - a.cpu.p95);
  return containers.slice(0, room).map(({ name, cpu, memory }) => ({
    spans: [
      [` ${name.slice(0, 28).padEnd(28)}`],
      [` P95 ${formatCores(cpu.p95)} cores, ${formatBytes(memory.p95)}`, 'dim'],
      [cpu.needed === undefined ? '' : `  needs ${formatCores(cpu.needed)}`, 'good'],
      [memory.needed === undefined ? '' : `, ${formatBytes(memory.needed)}`, 'good'],
    ],
  }));
}

function helpPanel(width: number, height: number, theme: Theme): string[] {
  const isShort = height < fleetKeys.length + 3;
  const shown = fleetKeys.filter(({ keys }) => !(isShort && inFooter.has(keys)));
  const lines = shown.map(({ keys, does }): Line => ({ spans: [[`  ${keys.padEnd(16)}`, 'key'], [does]] }));
  const options = { title: [['keys', 'strong']] as const, width, height, focused: true };
  return panel(isShort ? lines : [{ spans: [] }, ...lines], options, theme);
}

/** Keys that the bottom line has however narrow it is. */
const inFooter: ReadonlySet<string> = new Set(['?', 'q']);

function footerLine(state: FleetState, theme: Theme): Line {
  if (state.isTyping)
    return spread(
      [[' filter ', 'key'], [state.filter], [' ', 'cursor']],
      [['enter keeps it, esc clears it ', 'dim']],
      state.size.columns,
    );
  if (state.planning !== undefined)
    return {
      spans: [
        [' looking which machines could be emptied  '],
        ...meter(state.planning, 20, 'accent', theme.glyphs),
        [` ${Math.floor(state.planning * 100)}%`],
        ['  esc ends it', 'dim'],
      ],
    };
  if (state.notice !== undefined) {
    const { tone, text } = state.notice;
    const glyph = tone === 'good' ? theme.glyphs.done : tone === 'bad' ? theme.glyphs.failed : '!';
    return { spans: [[` ${glyph} `, tone], [text]] };
  }
  return { spans: [[' '], ...keySpans(state.size.columns - 1)] };
}

/** As many keys as there is room for, help and quit among them. */
function keySpans(width: number): Span[] {
  const named = fleetKeys.flatMap(({ keys, short = '' }) => (short === '' ? [] : [{ key: keys, short }]));
  const cells = ({ key, short }: { readonly key: string; readonly short: string }) =>
    key.length + short.length + 3;
  const last = named.filter(({ key }) => inFooter.has(key));
  let left = width - last.reduce((sum, one) => sum + cells(one), 0);
  const first = named.filter(one => {
    if (last.includes(one) || cells(one) > left) return false;
    left -= cells(one);
    return true;
  });
  return [...first, ...last].flatMap(({ key, short }): Span[] => [
    [key, 'key'],
    [` ${short}  `, 'dim'],
  ]);
}

/** A line with something at its left and at its right; the left one gives way. */
function spread(left: readonly Span[], right: readonly Span[], width: number): Line {
  const space = width - spansWidth(right) - spansWidth(left);
  return space >= 0 ? { spans: [...left, [' '.repeat(space)], ...right] } : { spans: [...left] };
}
