import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from '../../../src/engine/kernel/index.ts';

test('withLock() lets one in after another, in the order in which they came', async t => {
  const path = lockPath(t);
  const story: string[] = [];
  const visit = (name: string) =>
    withLock(path, async () => {
      story.push(`${name} in`);
      await sleep(5);
      story.push(`${name} out`);
    });
  await Promise.all(['a', 'b', 'c'].map(visit));
  assert.deepEqual(story, ['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
  assert.deepEqual(readdirSync(join(path, '..')), ['lock'], 'no journal beside it');
});

test('withLock() lets the next one in when an action has failed', async t => {
  const path = lockPath(t);
  const failing = withLock(path, async () => {
    await sleep(5);
    throw new RangeError('as planned');
  });
  const next = withLock(path, async () => 'in');
  await assert.rejects(failing, RangeError);
  assert.equal(await next, 'in');
});

test('withLock() gives up at its time or its signal, and those behind wait on for the first', async t => {
  const path = lockPath(t);
  let isOut = false;
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const first = withLock(path, async () => {
    await over;
    isOut = true;
  });
  const stop = new AbortController();
  const givenUp = [
    assert.rejects(
      withLock(path, async () => {}, { timeoutMs: 0 }),
      { code: 'LOCK_BUSY' },
    ),
    assert.rejects(
      withLock(path, async () => {}, { signal: stop.signal }),
      { kind: 'cancelled' },
    ),
  ];
  const last = withLock(path, async () => isOut);
  stop.abort();
  await Promise.all(givenUp);
  assert.equal(isOut, false);
  end();
  assert.equal(await last, true, 'not before the first was out');
  await first;
});

function lockPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-lock-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'lock');
}
