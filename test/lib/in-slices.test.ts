import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atOnce, inSlices } from '../../src/lib/in-slices.ts';

/** Some milliseconds of work in many steps. */
function* counting(steps: number): Generator<number, string> {
  for (let i = 0; i < steps; i++) {
    const until = performance.now() + 1;
    while (performance.now() < until);
    yield i / steps;
  }
  return 'done';
}

test('long work leaves room for others between its slices, and tells how far it is', async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const shares: number[] = [];
  const result = await inSlices(counting(150), {
    signal: new AbortController().signal,
    onProgress: share => shares.push(share),
  });
  clearInterval(timer);
  assert.equal(result, 'done');
  assert.ok(ticks >= 5, `${ticks} ticks`);
  assert.ok(shares.length >= 5);
  assert.deepEqual(
    shares,
    shares.toSorted((a, b) => a - b),
  );
});

test('work that nobody wants any more ends with the slice that is going on', async () => {
  const stop = new AbortController();
  let last = 0;
  const result = await inSlices(counting(100_000), {
    signal: stop.signal,
    onProgress: share => {
      last = share;
      stop.abort();
    },
  });
  assert.equal(result, undefined);
  assert.ok(last < 0.01);
});

test('the same work at once gives the same', () => {
  assert.equal(atOnce(counting(3)), 'done');
});
