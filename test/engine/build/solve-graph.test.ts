import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { solveGraph } from '../../../src/engine/build/solve/index.ts';

const diamond = [
  { id: 0, dependsOn: [] },
  { id: 1, dependsOn: [0] },
  { id: 2, dependsOn: [0] },
  { id: 3, dependsOn: [1, 2] },
];

test('solveGraph() runs every step once, after those it depends on', async () => {
  const done: number[] = [];
  const results = await solveGraph<(typeof diamond)[number], number>({
    steps: diamond,
    jobs: 4,
    execute: async (step, result) => {
      const sum = step.dependsOn.reduce((total, id) => total + result(id), 1);
      done.push(step.id);
      return sum;
    },
  });
  assert.deepEqual(done, [0, 1, 2, 3]);
  assert.equal(results.get(3), 5);
});

test('solveGraph() runs independent steps together, and at most as many as it may', async () => {
  for (const [jobs, expected] of [
    [1, 1],
    [2, 2],
    [9, 3],
  ] as const) {
    let running = 0;
    let most = 0;
    await solveGraph({
      steps: [0, 1, 2].map(id => ({ id, dependsOn: [] })),
      jobs,
      execute: async () => {
        most = Math.max(most, ++running);
        await setImmediate();
        running--;
      },
    });
    assert.equal(most, expected, `jobs ${jobs}`);
  }
});

test('solveGraph() cancels the rest after a failure, waits for it, and throws the first error', async () => {
  const ended: string[] = [];
  const running = solveGraph({
    steps: [
      { id: 0, dependsOn: [] },
      { id: 1, dependsOn: [] },
      { id: 2, dependsOn: [0] },
    ],
    jobs: 2,
    execute: async (step, _, signal) => {
      if (step.id === 0) throw new Error('first');
      await new Promise(resolve => signal.addEventListener('abort', resolve));
      await setImmediate();
      ended.push(`step ${step.id}`);
      throw new Error('second');
    },
  });
  await assert.rejects(running, { message: 'first' });
  assert.deepEqual(ended, ['step 1']);
});

test('solveGraph() stops when its signal fires', async () => {
  const abort = new AbortController();
  const started: number[] = [];
  const running = solveGraph({
    steps: diamond,
    jobs: 1,
    signal: abort.signal,
    execute: async step => {
      started.push(step.id);
      abort.abort();
    },
  });
  await assert.rejects(running, { kind: 'cancelled' });
  assert.deepEqual(started, [0]);
});
