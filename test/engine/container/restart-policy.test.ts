import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decideRestart, type Ending } from '../../../src/engine/container/restart-policy.ts';

const ending: Ending = {
  exitCode: 1,
  stoppedByUser: false,
  restartCount: 0,
  ranMs: 50,
  backoffMs: undefined,
};

test('decideRestart() doubles the pause from 100 ms up to a minute', () => {
  const pauses: number[] = [];
  let backoffMs: number | undefined;
  for (let i = 0; i < 12; i++) {
    backoffMs = decideRestart({ name: 'always' }, { ...ending, backoffMs });
    pauses.push(backoffMs ?? -1);
  }
  assert.deepEqual(pauses, [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000]);
});

test('decideRestart() begins anew after ten seconds of running', () => {
  assert.equal(decideRestart({ name: 'always' }, { ...ending, backoffMs: 60_000, ranMs: 10_000 }), 100);
});

test('decideRestart() counts on-failure:n, and takes success for the end', () => {
  const policy = { name: 'on-failure', maximumRetries: 2 } as const;
  assert.equal(decideRestart(policy, { ...ending, restartCount: 1 }), 100);
  assert.equal(decideRestart(policy, { ...ending, restartCount: 2 }), undefined);
  assert.equal(decideRestart(policy, { ...ending, exitCode: 0 }), undefined);
  assert.equal(
    decideRestart({ name: 'on-failure', maximumRetries: 0 }, { ...ending, restartCount: 99 }),
    100,
  );
});

test('decideRestart() never restarts what a person stopped', () => {
  const policy = fc.constantFrom({ name: 'always' } as const, { name: 'unless-stopped' } as const);
  fc.assert(
    fc.property(policy, fc.nat(255), fc.nat(), (chosen, exitCode, restartCount) => {
      const stopped = { ...ending, exitCode, restartCount, stoppedByUser: true };
      assert.equal(decideRestart(chosen, stopped), undefined);
    }),
  );
});
