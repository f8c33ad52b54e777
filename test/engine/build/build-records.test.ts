import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { BuildProgress, BuildRecord } from '../../../src/engine/build/index.ts';
import { journalPath, openBuildJournal } from '../../../src/engine/build/journal/index.ts';
import { openContext } from '../../../src/engine/build/source/index.ts';
import { identify } from '../../../src/engine/kernel/index.ts';
import { makeYard, type Yard } from './yard.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

const yardOf = async (fakeRun?: () => number) => {
  const yard = makeYard({ fakeRun: fakeRun ?? (() => 0) });
  await yard.makeBase('base', rootfs => writeFileSync(join(rootfs, 'base'), '1'));
  return yard;
};

async function replay(
  yard: Yard,
  build: string,
  signal = AbortSignal.timeout(120_000),
): Promise<BuildProgress[]> {
  const events: BuildProgress[] = [];
  for await (const event of yard.builds.follow(build, { signal })) events.push(event);
  return events;
}

describe('the record of a build', { skip }, () => {
  test('tells request and result, newest first, and announces both ends', async () => {
    await using yard = await yardOf();
    const first = await yard.build('FROM base\n', { tags: ['one'] });
    const second = await yard.build('ARG A\nFROM base AS x\nFROM base\n', {
      target: 'x',
      buildArgs: { A: '1' },
    });
    const [newest, oldest] = yard.builds.list();
    assert.deepEqual([newest?.id, oldest?.id], [second.id, first.id]);
    assert.equal(oldest?.state, 'succeeded');
    assert.equal(oldest?.image, first.image);
    assert.deepEqual([newest?.target, newest?.buildArgs], ['x', { A: '1' }]);
    assert.equal(yard.builds.list({ limit: 1 }).length, 1);
    const events = yard.db.all("SELECT action FROM events WHERE type = 'build' ORDER BY seq");
    assert.deepEqual(
      events.map(event => event.action),
      ['start', 'end', 'start', 'end'],
    );
  });

  test('keeps a journal that says what was announced, word for word', async () => {
    await using yard = await yardOf();
    const { id, events } = await yard.build('FROM base\nRUN x\n', { buildArgs: { UNKNOWN: '1' } });
    assert.deepEqual(await replay(yard, id), events);
    assert.deepEqual(await replay(yard, id.slice(0, 8)), events, 'a beginning of the id will do');
    const warning = events.find(event => event.kind === 'warned');
    assert.equal(warning?.message, 'no ARG declares the build argument UNKNOWN');
    assert.equal(events.at(-1)?.kind, 'finished');
  });

  test('keeps the error of a failed build, also one that never came to a plan', async () => {
    await using yard = await yardOf(() => 1);
    await assert.rejects(yard.build('FROM base\nRUN x\n'));
    await assert.rejects(yard.build('FROM base\nCOPPY\n'));
    await assert.rejects(yard.build('FROM nothing\n'), {
      code: 'IMAGE_NOT_FOUND',
      lines: { start: 1, end: 1 },
    });
    assert.deepEqual(
      yard.builds.list().map(record => [record.state, record.error]),
      [
        ['failed', 'Dockerfile:1: there is no image "nothing", and these tests have no registry'],
        ['failed', 'Dockerfile:2: "COPPY" is not an instruction'],
        ['failed', 'Dockerfile:2: the command ended with exit code 1'],
      ],
    );
  });

  test('is followed while it grows', async () => {
    await using yard = await yardOf();
    const record = running(yard, process.pid);
    const path = journalPath({ dataDir: yard.dataDir, id: '', runDir: '', rootless: false }, record.id);
    const journal = openBuildJournal(path, { clock: () => 1 });
    journal.write({ kind: 'step-started', time: 1, step: 0 });
    const seen: string[] = [];
    for await (const event of yard.builds.follow(record.id, { signal: AbortSignal.timeout(120_000) })) {
      seen.push(event.kind === 'step-output' ? event.text : event.kind);
      if (event.kind === 'step-started') journal.output(0, 'stdout', Buffer.from('grün\n'));
      if (event.kind === 'step-output') journal.write({ kind: 'finished', time: 1, outcome: 'succeeded' });
    }
    assert.deepEqual(seen, ['step-started', 'grün\n', 'finished']);
  });

  test('of a process that died is lost, its journal ends, and it is tidied up once', async () => {
    await using yard = await yardOf();
    const record = running(yard, 2 ** 22 - 1);
    const path = journalPath({ dataDir: yard.dataDir, id: '', runDir: '', rootless: false }, record.id);
    openBuildJournal(path, { clock: () => 1 }).write({ kind: 'step-started', time: 1, step: 0 });
    assert.equal(yard.builds.list()[0]?.state, 'lost');
    assert.deepEqual(await replay(yard, record.id), [{ kind: 'step-started', time: 1, step: 0 }]);
    mkdirSync(join(yard.folder, 'run/builds', record.id, '3'), { recursive: true });
    const disconnect = yard.networks.disconnect;
    yard.networks.disconnect = () => Promise.reject(new Error('as if it were killed'));
    await assert.rejects(yard.builds.sweep(), /killed/);
    const disconnected: string[] = [];
    yard.networks.disconnect = async step => {
      disconnected.push(step);
      await disconnect(step);
    };
    const blobs = join(yard.dataDir, 'blobs/sha256');
    writeFileSync(join(blobs, 'e'.repeat(64)), 'of an image that was not recorded');
    await Promise.all([yard.builds.sweep(), yard.builds.sweep()]);
    assert.deepEqual(disconnected, [`build-${record.id}-3`], 'by one of those who look');
    assert.ok(!readdirSync(blobs).includes('e'.repeat(64)));
    assert.deepEqual(yard.leftovers(), []);
    assert.equal(yard.db.get('SELECT state FROM builds')?.state, 'lost');
  });

  test('does not split a character that comes in two pieces', async () => {
    await using yard = await yardOf();
    const seen: BuildProgress[] = [];
    const journal = openBuildJournal(join(yard.folder, 'j'), {
      clock: () => 1,
      onEvent: event => seen.push(event),
    });
    const bytes = Buffer.from('ü');
    journal.output(0, 'stdout', bytes.subarray(0, 1));
    journal.output(0, 'stdout', bytes.subarray(1));
    journal.output(0, 'stderr', Buffer.from('e'));
    journal.flush();
    assert.deepEqual(
      seen.map(event => (event.kind === 'step-output' ? [event.stream, event.text] : [])),
      [
        ['stdout', 'ü'],
        ['stderr', 'e'],
      ],
    );
  });

  test('of a build that nobody knows is an error', async () => {
    await using yard = await yardOf();
    assert.throws(() => yard.builds.follow('abc', { signal: new AbortController().signal }), {
      code: 'BUILD_NOT_FOUND',
    });
  });
});

describe('openContext()', { skip }, () => {
  test('says in one sentence what is missing or not readable', async () => {
    await using yard = await yardOf();
    const { context, folder } = yard;
    assert.throws(() => openContext({ context: join(folder, 'none') }), {
      kind: 'not-found',
      code: 'CONTEXT_NOT_FOUND',
      message: `the build context "${join(folder, 'none')}" does not exist`,
    });
    assert.throws(() => openContext({ context }), {
      kind: 'not-found',
      code: 'DOCKERFILE_NOT_FOUND',
      message: `the Dockerfile "${join(context, 'Dockerfile')}" does not exist`,
      hint: `put one into "${context}", or name another file with --file`,
    });
    yard.write('Dockerfile', 'FROM base\n');
    assert.throws(() => openContext({ context: join(context, 'Dockerfile') }), {
      code: 'CONTEXT_NOT_FOLDER',
    });
    assert.throws(() => openContext({ context, dockerfile: context }), { code: 'DOCKERFILE_UNREADABLE' });
    yard.write('.dockerignore', '[\n');
    assert.throws(() => openContext({ context }), { code: 'PATTERN_INVALID' });
  });

  test('tells a file without permission from one that is not there', async () => {
    await using yard = await yardOf();
    yard.write('Dockerfile', 'FROM base\n');
    chmodSync(join(yard.context, 'Dockerfile'), 0);
    chmodSync(yard.folder, 0o755);
    process.seteuid?.(65_534);
    try {
      assert.throws(() => openContext({ context: yard.context }), {
        kind: 'permission-denied',
        code: 'DOCKERFILE_UNREADABLE',
      });
    } finally {
      process.seteuid?.(0);
    }
  });
});

/** A record of a running build whose owner has this pid and, if it lives, this process's start time. */
function running(yard: Yard, pid: number): BuildRecord {
  const record: BuildRecord = {
    id: 'aaaaaaaaaaaa',
    started: 1,
    state: 'running',
    context: yard.context,
    dockerfile: join(yard.context, 'Dockerfile'),
    tags: [],
    buildArgs: {},
    owner: identify(pid) ?? { pid, startTime: 1 },
  };
  yard.db.run('INSERT INTO builds VALUES (?, ?, ?, ?)', record.id, 1, 'running', JSON.stringify(record));
  return record;
}

test('a disk that is full is told with the line of the step', { skip }, async () => {
  await using yard = await yardOf(() => {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  });
  await assert.rejects(yard.build('FROM base\nRUN x\n'), {
    kind: 'resource-exhausted',
    summary: 'Dockerfile:2: the disk is full',
  });
  assert.deepEqual(yard.leftovers(), []);
});
