import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCsv, formatMarkdown } from '../../src/cli/format/report-forms.ts';
import {
  type ContainerSummary,
  type ContainerUsage,
  type Engine,
  machineId,
  type StatsFrame,
} from '../../src/engine/index.ts';
import { historyOf } from '../support/advice-replay.ts';
import { runPlimsoll } from '../support/run-cli.ts';

const GiB = 1024 ** 3;

/** A VM of 25 cores and 25 GiB whose app uses 6 and 10 of them, and may use twice the cores. */
const engine = {
  containers: {
    inspect: (name: string) => ({ id: name }),
    list: () => [
      { id: 'a', name: 'app', limits: { cpus: 12 } } as Partial<ContainerSummary> as ContainerSummary,
      {
        id: 'b',
        name: 'idle',
        limits: { memoryBytes: 2 * GiB },
      } as Partial<ContainerSummary> as ContainerSummary,
      { id: 'c', name: 'gone', limits: {} } as Partial<ContainerSummary> as ContainerSummary,
    ],
  },
  stats: {
    facts: async () => ({ diskTotalBytes: 100, diskFreeBytes: 40 }),
    once: async () => frame,
    verify: async () => ({ frame, checks: [check] }),
  },
  history: { usage: () => new Map([machineId, 'a'].map(id => [id, recorded])) },
  system: { diskUsage: async () => ({ totalBytes: 25 }) },
  events: { list: () => [] },
} as unknown as Partial<Engine>;

const usage = (id: string, cpuCores: number, workingSetBytes: number, peakBytes?: number) =>
  [
    id,
    {
      ...{ id, cpuCores, throttledShare: 0.25, sample: { pressure: { cpu: 0.5, memory: 0, io: 0 } } },
      memory: {
        workingSetBytes,
        peakBytes,
        anonBytes: 1,
        fileBytes: 2,
        shmemBytes: 3,
        kernelBytes: 4,
        oomKills: 5,
      },
    } as unknown as ContainerUsage,
  ] as const;

const frame = {
  host: {
    ...{ cores: 25, cpuCores: 6, stealCores: 0, memoryTotalBytes: 25 * GiB, memoryUsedBytes: 10 * GiB },
    sample: { memory: { kernelBytes: GiB, cacheBytes: 3 * GiB } },
  },
  containers: new Map([usage('a', 6, 10 * GiB, 11 * GiB), usage('b', 0, 0)]),
} as unknown as StatsFrame;

const check = { figure: 'a', unit: 'cores', shown: 6, kernel: 5, difference: 1, isRight: false } as const;

const recorded = historyOf(
  Array.from({ length: 100 }, (_, i) => ({ cpu: 3 - (i % 2) / 32, memory: 12 * GiB })),
);

const plimsoll = (words: string) => runPlimsoll(words.split(' '), { engine });

test('capacity tells the worked example: 19 of 25 cores and 15 of 25 GiB are wasted', async () => {
  const { code, stdout } = await plimsoll('capacity');
  assert.equal(code, 0);
  const [, cpu = '', memory = ''] = stdout.split('\n');
  assert.deepEqual(cpu.split(/ {2,}/), [
    'CPU',
    '25 cores',
    '6 cores',
    '0 cores',
    '6 cores',
    '13 cores',
    '19 cores',
    '76%',
    '2.97 cores',
    '3 cores',
  ]);
  assert.deepEqual(memory.split(/ {2,}/), [
    'memory',
    '25 GiB',
    '10 GiB',
    '0 B',
    '2 GiB',
    '13 GiB',
    '15 GiB',
    '60%',
    '11.9 GiB',
    '12 GiB',
  ]);
});

test('capacity tells of the disk, and what of the rest is the kernel, the hypervisor and cache', async () => {
  const { stdout } = await plimsoll('capacity');
  const [, , , disk = '', ...words] = stdout.split('\n');
  assert.deepEqual(disk.split(/ {2,}/), [
    'disk',
    '100 B',
    '25 B',
    '35 B',
    '0 B',
    '40 B',
    '40 B',
    '40%',
    '-',
    '-',
  ]);
  assert.match(words.join('\n'), /Of the rest 1 GiB are the kernel's, and 0 cores went to other machines/);
  assert.match(words.join('\n'), /up to 3 GiB hold files/);
  assert.doesNotMatch((await plimsoll('capacity --md')).stdout, /Of the rest/);
});

test('waste tells in JSON and CSV what memory is made of, and each sign of too little', async () => {
  const [app] = JSON.parse((await plimsoll('waste --json')).stdout);
  const { anonymous, file, shared, kernel, throttled, pressure, oomKills } = app;
  assert.deepEqual(
    [anonymous, file, shared, kernel, throttled, pressure.cpu, oomKills],
    [1, 2, 3, 4, 0.25, 0.5, 5],
  );
  assert.match((await plimsoll('waste --csv')).stdout, /^app,.*,1,2,3,4,0\.25,0\.5,0,0,5,\r$/m);
});

test('capacity ends with 1 where more is wasted than may be, and measures as long as it is told', async () => {
  assert.equal((await plimsoll('capacity --fail-over 80%')).code, 0);
  const failed = await plimsoll('capacity --fail-over 75 --csv');
  assert.equal(failed.code, 1);
  assert.match(failed.stdout, /^CPU,25,6,0,0,6,13,19,0.76,0,,,2\.97\d*,2\.97\d*,2\.97\d*,3\r$/m);
  for (const words of ['--fail-over lots', '--fail-over 101%', '--over 0', '--over x'])
    assert.equal((await plimsoll(`capacity ${words}`)).code, 1, words);
  assert.match((await plimsoll('capacity --over x')).stderr, /"x" is not a time to measure/);
});

test('capacity --verify shows each figure beside the kernel, and ends with 1 where one is wrong', async () => {
  const { code, stdout } = await plimsoll('capacity --verify');
  assert.equal(code, 1);
  const rows = stdout.split('\n').map(line => line.split(/ {2,}/));
  assert.deepEqual(rows[1], ['app', 'CPU', '6 cores', '5 cores', '1 cores', 'no']);
  assert.deepEqual(rows[2], ['all parts together', 'CPU', '25 cores', '25 cores', '0 cores', 'yes']);
  assert.equal(rows[3]?.[2], '25 GiB');
});

test('waste lists the container first that holds the largest unused part of the machine', async () => {
  const { stdout } = await plimsoll('waste');
  const [, first = '', second = '', third] = stdout.split('\n');
  assert.deepEqual(
    first.split(/ {2,}/),
    ['app', '6', '2.97', '-', '12', '6', '10 GiB', '11.9 GiB', '11 GiB', '-', '-', '0 B'],
    'what it needs is not told after less than three hours',
  );
  assert.deepEqual(second.split(/ {2,}/), [
    'idle',
    '0',
    '-',
    '-',
    '-',
    '0',
    '0 B',
    '-',
    '-',
    '-',
    '2 GiB',
    '2 GiB',
  ]);
  assert.equal(third, '', 'what has ended meanwhile is left out');
  const markdown = await plimsoll('waste --md');
  assert.match(markdown.stdout, /^\| NAME \| CORES USED .*\n\| --- \|/);
  assert.equal(JSON.parse((await plimsoll('waste --json')).stdout).length, 2);
});

test('what-if tells whether it would fit, and ends with 1 where it would not', async () => {
  const { code, stdout } = await plimsoll('what-if');
  assert.equal(code, 0);
  const rows = stdout.split('\n').map(line => line.split(/ {2,}/));
  assert.deepEqual(rows[1], ['CPU', '25 cores', '2.97 cores', 'yes', '3 cores', 'yes']);
  assert.deepEqual(rows[2]?.slice(0, 3), ['memory', '25 GiB', '11.9 GiB']);
  const smaller = await plimsoll('what-if --cores 2 --memory 8g --csv');
  assert.equal(smaller.code, 1);
  assert.match(smaller.stdout, /^CPU,2,2\.97\d*,no,3,no\r$/m);
  assert.match(
    (await plimsoll('what-if --replicas a=3')).stdout,
    /^CPU +25 cores +8\.9\d* cores +yes +9 cores +yes$/m,
  );
  assert.match((await plimsoll('what-if --without a --csv')).stdout, /^CPU,25,0,yes,0\.0\d*,yes\r$/m);
  for (const words of ['--cores none', '--replicas a', '--replicas a=x', '--memory lots'])
    assert.equal((await plimsoll(`what-if ${words}`)).code, 1, words);
});

test('formatCsv() and formatMarkdown() keep a cell a cell, whatever is in it', () => {
  const columns = [{ field: 'Name', title: 'NAME', value: (row: string) => row }];
  const csv = (cell: string) => formatCsv([cell], columns).slice('Name\r\n'.length, -2);
  assert.equal(csv('plain'), 'plain');
  assert.equal(csv('-1.5'), '-1.5');
  assert.equal(csv('a,"b"\nc'), '"a,""b""\nc"');
  assert.equal(csv('=HYPERLINK("x")'), `"'=HYPERLINK(""x"")"`);
  assert.equal(formatMarkdown(['a|b\u001b[31m*'], columns), '| NAME |\n| --- |\n| a\\|b\\* |\n');
});
