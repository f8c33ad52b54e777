import type { FleetResource, FleetRow, Prices } from '../../capacity/index.ts';
import { formatCores } from '../../lib/format-cores.ts';
import { formatPercent } from '../../lib/format-percent.ts';
import { type Column, gradeTones, meter, type Span, type Theme, type Tone } from '../components/index.ts';
import { formatAge, formatGibibytes } from '../model/index.ts';

const right = { align: 'right' } as const;

/** Columns of the table of machines; a narrow screen has fewer. */
export function machineColumns(
  theme: Theme,
  { prices, isPriced }: { readonly prices: Prices | undefined; readonly isPriced: boolean },
): readonly Column<FleetRow>[] {
  const { glyphs } = theme;
  const none: readonly Span[] = [[glyphs.dash, 'faint']];
  const amount = (
    value: number | undefined,
    inWords: (value: number) => string,
    tone: Tone,
  ): readonly Span[] => (value === undefined ? none : [[inWords(value), tone]]);
  const resource = (
    key: string,
    titles: readonly [has: string, reserved: string, wasted: string],
    of: (row: FleetRow) => FleetResource | undefined,
    inWords: (value: number) => string,
  ): readonly Column<FleetRow>[] => [
    {
      ...{ key: `${key}-meter`, title: '', width: 8, priority: 5, grow: 1, most: 16 },
      cell: (row, width) => {
        const one = of(row);
        return one === undefined ? [] : meter(one.used / one.capacity, width, 'used', glyphs);
      },
    },
    {
      ...({ key: `${key}-used`, title: titles[0], width: 12, ...right, priority: 1 } as const),
      cell: row => {
        const one = of(row);
        if (one === undefined) return none;
        return [
          [inWords(one.used), 'text'],
          [` of ${inWords(one.capacity).replace(/\.0$/, '')}`, 'dim'],
        ];
      },
    },
    {
      ...({ key: `${key}-reserved`, title: titles[1], width: 12, ...right, priority: 6 } as const),
      cell: row => amount(of(row)?.reserved, inWords, 'dim'),
    },
    {
      ...({ key, title: titles[2], width: 9, ...right, priority: 0 } as const),
      cell: row => amount(of(row)?.wasted, inWords, 'reserved'),
    },
    {
      ...({ key: `${key}-share`, title: '%', width: 4, ...right, priority: 3 } as const),
      cell: row => {
        const one = of(row);
        return amount(one && (one.wasted / one.capacity) * 100, formatPercent, 'dim');
      },
    },
  ];
  return [
    {
      ...{ key: 'name', title: 'MACHINE', width: 12, grow: 3, most: 36, priority: 0 },
      cell: ({ name, status }) => [[name, status === 'answers' ? 'strong' : 'dim']],
    },
    {
      ...{ key: 'grade', title: 'GRADE', width: 6, priority: 0.5 },
      cell: ({ grade }) => (grade === undefined ? none : [[`  ${grade}`, gradeTones[grade]]]),
    },
    ...resource('cores', ['CORES', 'CPU RESERVED', 'CPU WASTE'], ({ cpu }) => cpu, formatCores),
    ...resource('memory', ['GIB', 'MEM RESERVED', 'MEM WASTE'], ({ memory }) => memory, formatGibibytes),
    ...(isPriced
      ? [
          {
            ...{
              key: 'money',
              title: `${prices?.currency ?? ''}/MONTH`,
              width: 10,
              ...right,
              priority: 2,
            },
            cell: (row: FleetRow) =>
              amount(row.monthlyWaste, value => Math.round(value).toLocaleString('en'), 'reserved'),
          } as const,
        ]
      : []),
    {
      ...({ key: 'containers', title: 'CTRS', width: 4, ...right, priority: 4 } as const),
      cell: ({ running }) => amount(running, String, 'dim'),
    },
    { key: 'age', title: 'AGE', width: 6, ...right, priority: 0.6, cell: ageCell },
  ];
}

/** Of who answers: how old that is. Of who does not: since when. */
function ageCell({ status, ageMs }: FleetRow): readonly Span[] {
  if (status === 'waiting') return [['...', 'dim']];
  if (ageMs === undefined) return [['never', 'bad']];
  return [[formatAge(ageMs), status === 'silent' ? 'bad' : 'dim']];
}
