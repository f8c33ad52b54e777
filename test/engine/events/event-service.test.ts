import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createEventService, type EngineEvent, keptEvents } from '../../../src/engine/events/index.ts';
import { createRootFolders, Database, type Root } from '../../../src/engine/store/index.ts';

const engine = join(import.meta.dirname, '../../../src/engine');

test('emit() numbers events one by one and list() gives them back, oldest first', t => {
  const { events } = setUp(t);
  events.emit('container', 'create', 'c1', { name: 'web', image: 'busybox' });
  events.emit('container', 'start', 'c1', { name: 'web' });
  events.emit('image', 'tag', 'sha256:00');
  assert.deepEqual(
    events.list().map(event => [event.seq, event.type, event.action, event.actor.id]),
    [
      [1, 'container', 'create', 'c1'],
      [2, 'container', 'start', 'c1'],
      [3, 'image', 'tag', 'sha256:00'],
    ],
  );
  assert.deepEqual(events.list()[0]?.actor.attributes, { name: 'web', image: 'busybox' });
  assert.equal(events.lastSeq(), 3);
});

test('list() filters by time, type, actor (id or name) and keeps the newest `limit`', t => {
  let now = 1_700_000_000_000.5;
  const { events } = setUp(t, () => now++);
  events.emit('container', 'create', 'c1', { name: 'web' });
  events.emit('volume', 'create', 'v1');
  events.emit('container', 'start', 'c1', { name: 'web' });
  const actions = (options: Parameters<typeof events.list>[0]) =>
    events.list(options).map(event => `${event.type} ${event.action}`);
  assert.deepEqual(actions({ filter: { types: ['volume'] } }), ['volume create']);
  assert.deepEqual(actions({ filter: { actors: ['web'] } }), ['container create', 'container start']);
  assert.deepEqual(actions({ filter: { actors: ['c1'] }, limit: 1 }), ['container start']);
  assert.deepEqual(actions({ limit: 2 }), ['volume create', 'container start']);
  assert.deepEqual(actions({ since: 1_700_000_000_001 }), ['volume create', 'container start']);
  assert.deepEqual(actions({ until: 1_700_000_000_001 }), ['container create']);
  assert.equal(events.list()[0]?.timeNano, '1700000000000500000');
});

test('an event of a transaction that is rolled back never was', t => {
  const { db, events } = setUp(t);
  assert.throws(() =>
    db.transaction(() => {
      events.emit('container', 'create', 'c1');
      throw new Error('no');
    }),
  );
  assert.deepEqual(events.list(), []);
});

test('the table stays bounded', t => {
  const { db, events } = setUp(t);
  db.transaction(() => {
    for (let i = 0; i < keptEvents + 1000; i++) events.emit('container', 'start', `c${i}`);
  });
  const kept = events.list().length;
  assert.ok(kept >= keptEvents && kept < keptEvents + 256, `${kept} events kept`);
  assert.equal(events.lastSeq(), keptEvents + 1000);
});

test('follow() begins with what comes after its call, or after sinceSeq, and ends when its signal fires', async t => {
  const { events } = setUp(t);
  events.emit('container', 'create', 'old');
  const stop = new AbortController();
  const fromNow = events.follow({ signal: stop.signal });
  const fromStart = events.follow({ sinceSeq: 0, signal: stop.signal, filter: { actors: ['old', 'new'] } });
  events.emit('volume', 'create', 'other');
  events.emit('container', 'create', 'new');
  assert.deepEqual(await take(fromNow, 2), ['other', 'new']);
  assert.deepEqual(await take(fromStart, 2), ['old', 'new']);
  const idle = take(events.follow({ signal: stop.signal }), 1);
  stop.abort();
  assert.deepEqual(await idle, []);
});

test('a follower is woken by another process, in its own transactions', { timeout: 120_000 }, async t => {
  const { root, events } = setUp(t);
  const stop = new AbortController();
  t.after(() => stop.abort());
  const seen = take(events.follow({ signal: stop.signal }), 40);
  const script = `
    import { createEventService } from ${JSON.stringify(join(engine, 'events/index.ts'))};
    import { Database } from ${JSON.stringify(join(engine, 'store/index.ts'))};
    const root = ${JSON.stringify(root)};
    using db = Database.open(root.dataDir + '/plimsoll.db');
    const events = createEventService({ root, db, clock: Date.now });
    for (let i = 0; i < 20; i++) {
      db.transaction(() => events.emit('container', 'start', process.pid + '-' + i));
      await new Promise(resolve => setTimeout(resolve, 1));
    }`;
  const writers = [0, 1].map(() =>
    spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'inherit', 'inherit'],
    }),
  );
  await Promise.all(writers.map(writer => once(writer, 'exit')));
  const ids = await seen;
  assert.equal(new Set(ids).size, 40, 'each event once');
});

test('a clock that is set back neither hides events nor changes their order', async t => {
  let now = Date.parse('2026-11-23T12:00:00Z');
  const { events } = setUp(t, () => now);
  const stop = new AbortController();
  t.after(() => stop.abort());
  const seen = take(events.follow({ signal: stop.signal, sinceSeq: 0 }), 3);
  events.emit('container', 'create', 'one');
  now -= 3_600_000;
  events.emit('container', 'start', 'two');
  events.emit('container', 'die', 'three');
  assert.deepEqual(await seen, ['one', 'two', 'three']);
  assert.deepEqual(
    events.list().map(event => event.actor.id),
    ['one', 'two', 'three'],
  );
  assert.deepEqual(
    events.list({ since: now - 1, until: now + 1 }).map(event => event.actor.id),
    ['two', 'three'],
  );
});

async function take(source: AsyncIterable<EngineEvent>, count: number): Promise<string[]> {
  const ids: string[] = [];
  for await (const event of source) {
    ids.push(event.actor.id);
    if (ids.length === count) break;
  }
  return ids;
}

function setUp(t: TestContext, clock: () => number = Date.now) {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-events-'));
  const root: Root = {
    id: 'deadbeef',
    dataDir: join(folder, 'data'),
    runDir: join(folder, 'run'),
    rootless: false,
  };
  createRootFolders(root);
  const db = Database.open(join(root.dataDir, 'plimsoll.db'));
  t.after(() => {
    db.close();
    rmSync(folder, { recursive: true });
  });
  return { root, db, events: createEventService({ root, db, clock }) };
}
