/**
 * `npm run bench:advice`: advice tested as a forecast. Made-up usage of each kind is shown to a rule for some days;
 * what it advises is tried on the seven days that follow. The defaults are picked from these tables, which
 * src/capacity/README.md shows.
 */

import { type AdviceRule, defaultRule } from '../../src/capacity/index.ts';
import { formatMarkdown } from '../../src/cli/format/report-forms.ts';
import { formatBytes } from '../../src/lib/format-bytes.ts';
import { formatCores } from '../../src/lib/format-cores.ts';
import { type Replay, replay } from '../support/advice-replay.ts';

const rules: readonly (readonly [name: string, rule: AdviceRule])[] = [
  ['**as it is**', defaultRule],
  ...[0.9, 0.95, 1].map(
    cpuPercentile => [`CPU: P${cpuPercentile * 100}`, { ...defaultRule, cpuPercentile }] as const,
  ),
  ...[1, 1.3].map(
    memoryHeadroom => [`memory: x${memoryHeadroom}`, { ...defaultRule, memoryHeadroom }] as const,
  ),
  ['no margin for age', { ...defaultRule, ageMargin: 0 }],
  ['no headroom, no margin', { ...defaultRule, cpuHeadroom: 1, memoryHeadroom: 1, ageMargin: 0 }],
];

interface Line {
  readonly name: string;
  readonly days: number;
  readonly rows: readonly Replay[];
}

const sum = (rows: readonly Replay[], of: (row: Replay) => number) =>
  rows.reduce((all, row) => all + of(row), 0);
const percent = (share: number) => `${(share * 100).toFixed(1)}%`;
const worst = (rows: readonly Replay[], of: (row: Replay) => number) => percent(Math.max(...rows.map(of)));

console.log('All kinds of use together, by rule and by days seen:\n');
const lines = [1, 3, 7].flatMap(days =>
  rules.map(([name, rule]): Line => ({ name, days, rows: replay(rule, days) })),
);
const column = (title: string, value: (line: Line) => string) => ({ field: title, title, value });
console.log(
  table(lines, [
    column('rule', ({ name }) => name),
    column('days', ({ days }) => String(days)),
    column('cores', ({ rows }) => formatCores(sum(rows, row => row.cores))),
    column('unused', ({ rows }) => percent(unused(rows, 'cores', 'cpuWaste'))),
    column('throttled', ({ rows }) => percent(sum(rows, row => row.throttled) / rows.length)),
    column('worst', ({ rows }) => worst(rows, row => row.throttled)),
    column('memory', ({ rows }) => formatBytes(sum(rows, row => row.bytes))),
    column('unused', ({ rows }) => percent(unused(rows, 'bytes', 'memoryWaste'))),
    column('out of memory', ({ rows }) => percent(sum(rows, row => row.outOfMemory) / rows.length)),
    column('which', ({ rows }) => outOfMemory(rows)),
  ]),
);

console.log('The rule as it is, by kind of use, three days seen:\n');
const cell = (title: string, value: (row: Replay) => string) => ({ field: title, title, value });
console.log(
  table(replay(defaultRule, 3), [
    cell('use', row => row.workload),
    cell('cores', row => formatCores(row.cores)),
    cell('unused', row => percent(row.cpuWaste)),
    cell('throttled', row => percent(row.throttled)),
    cell('memory', row => formatBytes(row.bytes)),
    cell('unused', row => percent(row.memoryWaste)),
    cell('out of memory', row => percent(row.outOfMemory)),
  ]),
);

function unused(rows: readonly Replay[], whole: 'cores' | 'bytes', part: 'cpuWaste' | 'memoryWaste'): number {
  return sum(rows, row => row[whole] * row[part]) / sum(rows, row => row[whole]);
}

function outOfMemory(rows: readonly Replay[]): string {
  const names = rows.filter(row => row.outOfMemory > 0).map(row => row.workload);
  return names.join(', ') || '-';
}

function table<Row>(rows: readonly Row[], columns: Parameters<typeof formatMarkdown<Row>>[1]): string {
  return formatMarkdown(rows, columns).replaceAll('\\*', '*');
}
