import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPace } from '../../../src/engine/stats/pace.ts';

test('frames come as often as asked, and less often where they would cost more than their share of a core', () => {
  let cpuMs = 5000;
  const costing = (ms: number) => () => {
    cpuMs += ms;
    return cpuMs;
  };
  assert.equal(createPace(1000, undefined)(), 1000);
  const cheap = createPace(1000, 0.01, costing(2));
  const costly = createPace(1000, 0.01, costing(30));
  const absurd = createPace(1000, 0.01, costing(5000));
  const after = (pace: () => number) => Array.from({ length: 100 }, () => pace()).at(-1) ?? 0;
  assert.equal(costly(), 1000, 'what starting up has cost does not count');
  assert.ok(Math.abs(costly() - 3000) < 1, 'it is slow enough from the first frame on');
  assert.equal(after(cheap), 1000);
  assert.ok(Math.abs(after(costly) - 3000) < 1);
  assert.equal(after(absurd), 10_000);
});
