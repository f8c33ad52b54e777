import type { AdvisedContainer, ResourceAdvice, Verdict } from '../../capacity/index.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import { formatCores } from '../../lib/format-cores.ts';
import { formatDuration } from '../../lib/format-duration.ts';
import type { Column, Span, Theme, Tone } from '../components/index.ts';

type Resource = 'cpu' | 'memory';

/** Columns of the advice: what is used, what may be, what is needed, and what that would free. */
export function adviceColumns(theme: Theme): readonly Column<AdvisedContainer>[] {
  return [
    {
      key: 'name',
      title: 'NAME',
      width: 10,
      grow: 2,
      most: 32,
      priority: 0,
      cell: row => [[row.name, 'strong']],
    },
    { key: 'advice', title: 'ADVICE', width: 15, priority: 0, cell: row => [verdictSpan(row)] },
    ...resourceColumns('cpu', theme),
    ...resourceColumns('memory', theme),
    {
      ...{ key: 'measured', title: 'MEASURED', width: 8, align: 'right', priority: 4 },
      cell: ({ advice: { measuredSeconds: seconds } }) => [
        [seconds === 0 ? theme.glyphs.dash : formatDuration(seconds * 1000), 'dim'],
      ],
    },
  ];
}

/** What is said of a container, in the colour of its urgency. */
export function verdictSpan({ advice: { verdict, isNoisy } }: AdvisedContainer): Span {
  return [isNoisy && verdict === 'unlimited' ? 'noisy' : verdict, isNoisy ? 'bad' : verdictTones[verdict]];
}

const verdictTones: Readonly<Record<Verdict, Tone>> = {
  'too small': 'bad',
  idle: 'warn',
  'too large': 'warn',
  unlimited: 'text',
  fits: 'good',
  'not enough data': 'dim',
};

function resourceColumns(of: Resource, theme: Theme): Column<AdvisedContainer>[] {
  const [name, seen, frees] = of === 'cpu' ? ['CPU', 'P95', 'cores'] : ['MEM', 'MAX', 'memory'];
  const inWords = of === 'cpu' ? formatCores : formatBytes;
  const width = of === 'cpu' ? 6 : 8;
  const column = (
    key: string,
    heading: string,
    {
      value,
      tone = 'text',
      priority,
    }: { value: (one: ResourceAdvice) => number | undefined; tone?: Tone; priority: number },
  ): Column<AdvisedContainer> => ({
    ...{ key, title: heading, width: Math.max(width, heading.length), align: 'right', priority },
    cell: ({ advice }) => {
      const resource = advice[of];
      const amount = resource && value(resource);
      return [amount === undefined ? [theme.glyphs.dash, 'faint'] : [inWords(amount), tone]];
    },
  });
  return [
    column(`${of}-seen`, `${name} ${seen}`, {
      value: one => (of === 'cpu' ? one.p95 : one.max),
      ...{ tone: 'used', priority: 3 },
    }),
    // Where there is no room for it: what is needed and what that frees are the limit.
    column(`${of}-limit`, `${name} LIM`, { value: ({ limit }) => limit, tone: 'dim', priority: 2 }),
    column(`${of}-needed`, `${name} NEED`, { value: ({ needed }) => needed, priority: 1 }),
    column(frees, `${name} FREES`, {
      value: ({ limit, frees }) => (limit === undefined ? undefined : frees),
      ...{ tone: 'reserved', priority: 0.5 },
    }),
  ];
}
