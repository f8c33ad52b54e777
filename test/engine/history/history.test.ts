import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as breathe } from 'node:timers/promises';
import { HistoryFile } from '../../../src/engine/history/history-file.ts';
import { createHistoryService, type HistoryRecorder, machineId } from '../../../src/engine/history/index.ts';
import type { Neighbour } from '../../../src/engine/stats/index.ts';
import { createRootFolders, resolveRoot } from '../../../src/engine/store/index.ts';
import { type Behaviour, createFrames, createRandom } from '../../support/usage-frames.ts';

const MiB = 1024 ** 2;
/** Midnight of some day, in seconds. */
const start = 20_000 * 86_400;
const strict = {
  report: (error: unknown) => {
    throw error;
  },
};
const steady: Behaviour = (_, i) => ({ cpu: 0.5 + i, memory: (i + 1) * 100 * MiB });

test('a day of 200 containers stays inside its room, and its percentiles are right after all merging', async t => {
  const { history, path, root } = rootOf(t);
  const random = createRandom(7);
  const truth: number[] = [];
  const frameAt = createFrames(200, (_, i) => {
    const cpu = i === 0 ? random() ** 3 * 4 : 0.01 * i + random() * 0.02;
    if (i === 0) truth.push(cpu);
    return { cpu, memory: (50 + i + random()) * MiB };
  });
  const recorder = await recording(history.record(strict), frameAt(start - 40));
  truth.length = 0;
  // Every fifth second, as the recorder does it at that size.
  for (let second = start; second < start + 86_400; second += 5) recorder.add(frameAt(second));
  await recorder[Symbol.asyncDispose]();
  assert.ok(bytesOf(root.dataDir) < 45 * MiB, `${bytesOf(root.dataDir)} bytes`);
  const usage = history.usage({ since: start * 1000, until: (start + 86_400) * 1000 });
  assert.equal(usage.size, 201);
  const first = usage.get('c0');
  assert.equal(first?.points, truth.length);
  assert.equal(first?.cpu.count, 86_400);
  const sorted = truth.toSorted((a, b) => a - b);
  for (const q of [0.5, 0.95, 0.99]) {
    const exact = sorted[Math.ceil(q * sorted.length) - 1] ?? 0;
    assert.ok(Math.abs((first?.cpu.quantile(q) ?? 0) - exact) < exact * 0.011, `P${q * 100}`);
  }
  assert.deepEqual(rowCounts(path), [361, 1440, 96, 1], 'rows of each tier that are kept');
  const window = { since: (start + 3600) * 1000, until: (start + 80_000) * 1000 };
  const took = leastMs(() => history.usage(window, 'c7'));
  assert.ok(took <= 20, `percentiles of one container in ${took} ms`);
});

/** What the same question takes of a CPU when nothing comes between, of some tries. */
function leastMs(ask: () => unknown): number {
  const tries = Array.from({ length: 15 }, () => {
    const before = process.cpuUsage();
    ask();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...tries);
}

test('that a container was killed for its memory is known from its engine, where it took the count of that along', async t => {
  const { history } = rootOf(t);
  const frameAt = createFrames(1, steady);
  const frame = (second: number, isThere: boolean, ...actions: readonly ('oom' | 'die')[]) => {
    const { host, containers } = frameAt(second);
    const usage = [...containers.values()].map(
      each => ['docker:d', { ...each, neighbour: {} as Neighbour }] as const,
    );
    const event = { seq: 1, id: 'docker:d', name: 'docker/db', time: second * 1000, limitBytes: 900 * MiB };
    const happened = actions.map(action => ({ ...event, action }));
    return { host, containers: new Map(), neighbours: new Map(isThere ? usage : []), happened };
  };
  const recorder = await recording(history.record(strict), frame(start - 40, true));
  recorder.add(frame(start, true));
  recorder.add(frame(start + 1, true, 'oom')); // of another process in it: the kernel counts that
  recorder.add(frame(start + 2, true, 'oom', 'die')); // and begun anew
  recorder.add(frame(start + 3, false, 'oom'));
  recorder.add(frame(start + 20, false));
  await recorder[Symbol.asyncDispose]();
  const usage = history.usage({ since: start * 1000 }).get('docker:d');
  assert.equal(usage?.oomKills, 2);
  assert.equal(usage?.peakBytes, 900 * MiB, 'what it was allowed is what it had');
});

test('containers of other engines are recorded beside our own, by ids that say whose they are', async t => {
  const { history } = rootOf(t);
  const frameAt = createFrames(3, steady);
  const besides = (second: number) => {
    const { host, containers } = frameAt(second);
    const neighbours = new Map(
      [...containers]
        .slice(2)
        .map(([, usage]) => ['docker:d', { ...usage, neighbour: {} as Neighbour }] as const),
    );
    return { host, containers: new Map([...containers].slice(0, 2)), neighbours };
  };
  const recorder = await recording(history.record(strict), besides(start - 40));
  for (let second = start; second < start + 60; second++) recorder.add(besides(second));
  await recorder[Symbol.asyncDispose]();
  const usage = history.usage({ since: start * 1000, until: (start + 60) * 1000 });
  assert.deepEqual([...usage.keys()].sort(), ['c0', 'c1', 'docker:d', machineId]);
  assert.equal(usage.get('docker:d')?.points, 60);
  assert.ok(Math.abs((usage.get('docker:d')?.cpu.mean ?? 0) - 2.5) < 0.05);
});

test('a clock that was days ahead leaves a gap in nothing that is recorded after it was set right', async t => {
  const { history, path } = rootOf(t);
  const frameAt = createFrames(1, steady);
  const ahead = start + 5 * 86_400;
  const recorder = await recording(history.record(strict), frameAt(ahead - 40));
  for (let second = ahead; second < ahead + 120; second++) recorder.add(frameAt(second));
  for (let second = start; second < start + 1800; second++) recorder.add(frameAt(second));
  for (let second = start + 1795; second < start + 1800; second++) recorder.add(frameAt(second)); // a little fast
  await recorder[Symbol.asyncDispose]();
  const usage = history.usage({ since: start * 1000, until: (start + 1800) * 1000 });
  assert.equal(usage.get('c0')?.points, 1800);
  const counts = rowCounts(path);
  assert.ok(Number(counts[1]) >= 29 && Number(counts[2]) >= 1, `coarser rows are made too: ${counts}`);
});

test('the room is kept even where it is too small: the oldest minutes go first', async t => {
  const { root } = rootOf(t);
  const budgetBytes = 3 * MiB;
  using history = createHistoryService({ root, clock: Date.now, budgetBytes });
  const frameAt = createFrames(400, steady);
  const recorder = await recording(history.record(strict), frameAt(start - 40));
  for (let second = start; second < start + 3 * 3600; second += 10) recorder.add(frameAt(second));
  await recorder[Symbol.asyncDispose]();
  assert.ok(bytesOf(root.dataDir) < budgetBytes + 2 * MiB, `${bytesOf(root.dataDir)} bytes`);
  const usage = history.usage({ since: start * 1000, until: (start + 3 * 3600) * 1000 }, 'c1');
  assert.equal(usage.size, 1);
  assert.ok((usage.get('c1')?.cpu.count ?? 0) > 2 * 3600, 'quarters of an hour are still there');
});

test('100 kills lose nothing that was on disk, and never the file', { timeout: 280_000 }, async t => {
  const { history, root, path } = rootOf(t);
  let at = start;
  let acknowledged = 0;
  for (let kill = 0; kill < 100; kill++) {
    const last = await writeAndKill(root.dataDir, at, kill % 7);
    if (last !== undefined) acknowledged += last - at - 20;
    at = (last ?? at) + 1000;
    at -= at % 10;
  }
  using file = HistoryFile.openForReading(path);
  assert.deepEqual(file?.problems(), []);
  const usage = history.usage({ since: start * 1000, until: at * 1000 }, 'c1').get('c1');
  assert.ok(acknowledged > 100 * 10);
  assert.ok((usage?.points ?? 0) >= acknowledged - 100, `${usage?.points} of ${acknowledged}`);
  assert.ok(Math.abs((usage?.cpu.quantile(0.5) ?? 0) - 1) < 0.011);
});

test('one process writes; another takes over when it has ended, and goes on in the same ten seconds', async t => {
  const { history, root } = rootOf(t);
  using other = createHistoryService({ root, clock: Date.now });
  const frameAt = createFrames(2, steady);
  const first = await recording(history.record(strict), frameAt(start - 40));
  const second = other.record(strict);
  for (const at of [0, 1, 2]) first.add(frameAt(start + at));
  second.add(frameAt(start));
  await breathe();
  assert.deepEqual([first.writes, second.writes], [true, false]);
  await second[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  const third = await recording(other.record(strict), frameAt(start + 3));
  for (const at of [4, 5, 6]) third.add(frameAt(start + at));
  await third[Symbol.asyncDispose]();
  const chart = history.chart('c1', { since: start * 1000, until: (start + 9) * 1000 }, 10);
  assert.deepEqual(
    chart.map(({ time, cpuMean }) => [time / 1000 - start, cpuMean]),
    [0, 1, 2, 4, 5, 6].map(at => [at, 1.5]),
    'the second that nobody wrote is a gap',
  );
});

test('a gap stays a gap at every resolution', async t => {
  const { history } = rootOf(t);
  const frameAt = createFrames(1, steady);
  const recorder = await recording(history.record(strict), frameAt(start - 40));
  for (let second = start; second < start + 6 * 3600; second += 10)
    if (second < start + 3600 || second >= start + 4 * 3600) recorder.add(frameAt(second));
  await recorder[Symbol.asyncDispose]();
  const window = { since: start * 1000, until: (start + 6 * 3600) * 1000 };
  const hours = new Set(
    history.chart('c0', window, 24).map(({ time }) => Math.floor((time / 1000 - start) / 3600)),
  );
  assert.deepEqual([...hours], [0, 4, 5]);
  const usage = history.usage(window).get('c0');
  assert.equal(usage?.cpu.count, 3 * 3600);
  assert.deepEqual([usage?.first, usage?.last], [window.since, window.until]);
  assert.equal(history.usage(window).get(machineId)?.cpu.count, 3 * 3600);
});

test('when the first and the last was measured is told to a quarter of an hour, also over days', async t => {
  const { history } = rootOf(t);
  const frameAt = createFrames(2, steady);
  const late = (second: number) => {
    const { host, containers } = frameAt(second);
    const isThere = second >= start + 40 * 3600 && second < start + 60 * 3600;
    return { host, containers: new Map([...containers].filter(([id]) => id === 'c0' || isThere)) };
  };
  const begin = start + 10 * 3600;
  const recorder = await recording(history.record(strict), late(begin - 40));
  for (let second = begin; second < start + 80 * 3600; second += 300) recorder.add(late(second));
  await recorder[Symbol.asyncDispose]();
  const usage = history.usage({ since: start * 1000, until: (start + 96 * 3600) * 1000 });
  const hours = (id: string) => {
    const { first = 0, last = 0 } = usage.get(id) ?? {};
    return [first, last].map(time => Math.round((time / 1000 - start) / 900) / 4);
  };
  assert.deepEqual(
    [hours('c0'), hours('c1')],
    [
      [10, 80],
      [40, 60],
    ],
  );
});

test('a restarted container is not measured across its restart; OOM kills and traffic add up', async t => {
  const { history } = rootOf(t);
  const frameAt = createFrames(1, steady);
  const recorder = await recording(history.record(strict), frameAt(start - 40));
  for (const [at, usageSeconds, oomKills, rxBytes] of [
    [0, 10, 0, 1000],
    [1, 11, 2, 3000],
    [2, 0.1, 0, 10],
    [3, 1.1, 1, 510],
  ] as const) {
    const frame = frameAt(start + at);
    const usage = frame.containers.get('c0');
    assert.ok(usage);
    const memory = { ...usage.sample.memory, oomKills };
    const cpu = { ...usage.sample.cpu, usageSeconds };
    const sample = { ...usage.sample, cpu, memory, network: { rxBytes, txBytes: 0 } };
    recorder.add({ ...frame, containers: new Map([['c0', { ...usage, sample }]]) });
  }
  await recorder[Symbol.asyncDispose]();
  const usage = history.usage({ since: start * 1000, until: (start + 10) * 1000 }).get('c0');
  assert.deepEqual([usage?.points, usage?.oomKills, usage?.networkBytes], [3, 3, 1000 - 500 + 2000 + 500]);
});

test('without a history there is none to read; a broken one is told, put aside and begun anew', async t => {
  const { history, path, root } = rootOf(t);
  assert.equal(history.usage({ since: 0 }).size, 0);
  assert.deepEqual(history.chart('c0', { since: 0 }, 10), []);
  writeFileSync(path, 'this is no database, however long one looks at it'.repeat(100));
  assert.throws(() => history.usage({ since: 0 }), { kind: 'data-loss', code: 'HISTORY_UNREADABLE' });
  const frameAt = createFrames(1, steady);
  const recorder = await recording(history.record(strict), frameAt(start - 40));
  recorder.add(frameAt(start));
  await recorder[Symbol.asyncDispose]();
  assert.ok(readdirSync(root.dataDir).includes('history.db.old'));
  assert.equal(history.usage({ since: start * 1000, until: (start + 10) * 1000 }).get('c0')?.points, 1);
});

function rootOf(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-history-'));
  const root = resolveRoot({ root: folder, env: {}, uid: process.getuid?.() ?? 0 });
  createRootFolders(root);
  const history = createHistoryService({ root, clock: Date.now });
  t.after(() => {
    history[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
    rmSync(root.runDir, { recursive: true, force: true });
  });
  return { history, root, path: join(folder, 'history.db') };
}

/** A recorder that has the lock, and has seen a first frame. */
async function recording(recorder: HistoryRecorder, frame: Parameters<HistoryRecorder['add']>[0]) {
  recorder.add(frame);
  while (!recorder.writes) await breathe();
  return recorder;
}

/** The last second that the fixture said is on disk, when it is killed after so many of its words. */
async function writeAndKill(dataDir: string, from: number, words: number): Promise<number | undefined> {
  const program = join(import.meta.dirname, 'recorder.fixture.ts');
  const child = spawn(process.execPath, [program, dataDir, String(from)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (text.split('\n').length > words + 1) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const last = text.split('\n').slice(0, -1).at(-1);
  return last === undefined ? undefined : Number(last);
}

function bytesOf(folder: string): number {
  const files = readdirSync(folder).filter(name => name.startsWith('history.db'));
  return files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

/** How many rows a file has, by tier. */
function rowCounts(path: string): number[] {
  using file = HistoryFile.openForReading(path);
  return [0, 1, 2, 3].map(tier => file?.times(tier, start, start + 2 * 86_400, 1).length ?? 0);
}
