import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alignColumns } from '../../src/cli/format/align-columns.ts';
import { paint } from '../../src/cli/format/paint.ts';
import { type Column, formatRows } from '../../src/cli/format/table.ts';
import { isPlimsollError } from '../../src/errors.ts';
import {
  binarySize,
  describeCommand,
  describePorts,
  describeState,
  humanDuration,
  humanSize,
  shortId,
} from '../../src/words/index.ts';

const second = 1000;
const hour = 3600 * second;

test('humanDuration() speaks as docker does', () => {
  const words: [number, string][] = [
    [999, 'Less than a second'],
    [1 * second, '1 second'],
    [59 * second, '59 seconds'],
    [60 * second, 'About a minute'],
    [30 * 60 * second, '30 minutes'],
    [hour, 'About an hour'],
    [47 * hour, '47 hours'],
    [48 * hour, '2 days'],
    [15 * 24 * hour, '2 weeks'],
    [90 * 24 * hour, '3 months'],
    [800 * 24 * hour, '2 years'],
  ];
  for (const [ms, text] of words) assert.equal(humanDuration(ms), text);
  assert.equal(humanDuration(-3_600_000), 'Less than a second', 'the clock was set back');
});

test('humanSize() is decimal, binarySize() binary', () => {
  assert.equal(humanSize(0), '0B');
  assert.equal(humanSize(999), '999B');
  assert.equal(humanSize(4_261_550), '4.26MB');
  assert.equal(binarySize(1024 * 1024 * 1.5), '1.5MiB');
  assert.equal(shortId(`sha256:${'ab'.repeat(32)}`), 'abababababab');
});

test("describeState() says up, exited, restarting with docker's words", () => {
  const now = 1_000_000;
  const base = { restartCount: 0 };
  const since = { startedAt: now - 300 * second, finishedAt: now - 5 * second };
  const healthy = { status: 'healthy', failingStreak: 0 } as const;
  assert.equal(describeState({ ...base, ...since, status: 'running' }, now), 'Up 5 minutes');
  assert.equal(
    describeState({ ...base, ...since, status: 'running', health: healthy }, now),
    'Up 5 minutes (healthy)',
  );
  assert.equal(describeState({ ...base, ...since, status: 'paused' }, now), 'Up 5 minutes (Paused)');
  assert.equal(
    describeState({ ...base, ...since, status: 'exited', exitCode: 3 }, now),
    'Exited (3) 5 seconds ago',
  );
  assert.equal(
    describeState({ ...base, ...since, status: 'exited', exitUnknown: true }, now),
    'Exited (?) 5 seconds ago',
  );
  assert.equal(
    describeState({ ...base, ...since, status: 'restarting', exitCode: 1 }, now),
    'Restarting (1) 5 seconds ago',
  );
  assert.equal(describeState({ ...base, status: 'created' }, now), 'Created');
});

test("describePorts() and describeCommand() fit docker's columns", () => {
  const port = { protocol: 'tcp', hostAddress: '0.0.0.0', hostPort: 8080, containerPort: 80 } as const;
  assert.equal(
    describePorts([port, { ...port, protocol: 'udp', hostPort: 53, containerPort: 53 }]),
    '0.0.0.0:8080->80/tcp, 0.0.0.0:53->53/udp',
  );
  assert.equal(describeCommand(['sh', '-c', 'sleep 1'], false), `"sh -c 'sleep 1'"`);
  assert.equal(describeCommand(['x'.repeat(21)], false), `"${'x'.repeat(19)}…"`);
  assert.equal(describeCommand(['x'.repeat(21)], true), `"${'x'.repeat(21)}"`);
});

interface Row {
  readonly id: string;
  readonly name: string;
}
const columns: readonly Column<Row>[] = [
  { field: 'ID', title: 'ID', value: row => row.id },
  { field: 'Names', title: 'NAMES', value: row => row.name },
  { field: 'Long', title: 'LONG', value: row => row.name.repeat(2), hidden: true },
];
const rows: Row[] = [
  { id: '1', name: 'web' },
  { id: '22', name: 'db' },
];

test('formatRows() aligns columns under their titles', async () => {
  assert.equal(await formatRows(rows, columns, {}), 'ID   NAMES\n1    web\n22   db\n');
  assert.equal(await formatRows(rows, columns, { quiet: true }), '1\n22\n');
  assert.equal(await formatRows(rows, columns, { format: '' }), 'ID   NAMES\n1    web\n22   db\n');
  assert.equal(
    await formatRows(rows, columns, { format: 'table names,Long' }),
    'NAMES   LONG\nweb     webweb\ndb      dbdb\n',
  );
});

test('formatRows() writes an object per line as JSON, hidden fields too', async () => {
  assert.deepEqual(
    (await formatRows(rows, columns, { format: 'json' }))
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line)),
    [
      { ID: '1', Names: 'web', Long: 'webweb' },
      { ID: '22', Names: 'db', Long: 'dbdb' },
    ],
  );
});

test('formatRows() takes Go templates, with titles where they begin with table', async () => {
  assert.equal(await formatRows(rows, columns, { format: '{{.ID}}\\t{{upper .Names}}' }), '1\tWEB\n22\tDB\n');
  assert.equal(
    await formatRows(rows, columns, { format: 'table {{.Names}}\\t{{.ID}}' }),
    'NAMES   ID\nweb     1\ndb      22\n',
  );
  assert.equal(
    await formatRows(rows, columns, { format: 'table {{lower .Names}}\\t{{truncate .ID 1}}' }),
    'NAMES   ID\nweb     1\ndb      2\n',
    'titles stay as they are',
  );
  const labelled = [{ id: '1', name: 'web', labels: { team: 'sea\u001b[2J' } }];
  assert.equal(await formatRows(labelled, columns, { format: '{{.Label "team"}}{{.Label "no"}}' }), 'sea\n');
});

test('formatRows() refuses what is no format, and fields that are not there, and says what there is', async () => {
  const hint = (format: string) =>
    formatRows(rows, columns, { format }).then(
      () => 'accepted',
      error => (isPlimsollError(error, 'invalid-argument') ? error.hint : 'another error'),
    );
  assert.equal(await hint('{{.Name}}'), 'did you mean Names?');
  assert.match((await hint('{{.ID')) ?? '', /as in Go/);
  assert.equal(await hint('table Name'), 'did you mean Names?');
  assert.match((await hint('xml')) ?? '', /ID, Names, Long/);
});

test('formatRows() lets no escape sequence of a name through', async () => {
  const evil = [{ id: '1', name: 'a\u001b[2J\u001b]0;x\u0007b' }];
  assert.equal(await formatRows(evil, columns, {}), 'ID   NAMES\n1    ab\n');
});

test('alignColumns() measures cells, not characters', async () => {
  const lines = (
    await alignColumns([
      ['日本', 'x'],
      ['abcd', 'y'],
    ])
  ).split('\n');
  assert.deepEqual(lines.slice(0, 2), ['日本   x', 'abcd   y']);
});

test('paint() colours only a terminal, and never against NO_COLOR', () => {
  const output = { write: () => true };
  assert.equal(paint(output, {}).red('x'), 'x');
  assert.equal(paint({ ...output, isTTY: true }, {}).red('x'), '\u001b[31mx\u001b[39m');
  assert.equal(paint({ ...output, isTTY: true }, { NO_COLOR: '1' }).red('x'), 'x');
  assert.equal(paint({ ...output, isTTY: true }, { TERM: 'dumb' }).red('x'), 'x');
});
