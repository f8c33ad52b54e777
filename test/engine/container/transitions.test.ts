import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ContainerStatus, TransitionError, transitions } from '../../../src/engine/container/index.ts';
import { assertTransition } from '../../../src/engine/container/transitions.ts';

const statuses = Object.keys(transitions) as ContainerStatus[];
const status = fc.constantFrom(...statuses);

test('assertTransition() allows what the table has, and names both ends of all else', () => {
  fc.assert(
    fc.property(status, status, (from, to) => {
      if (transitions[from].includes(to)) return assertTransition('keel', from, to);
      assert.throws(
        () => assertTransition('keel', from, to),
        (error: unknown) => error instanceof TransitionError && error.from === from && error.to === to,
      );
      return undefined;
    }),
  );
});

test('every state can be reached from created, and can end in removal', () => {
  const reach = (start: ContainerStatus) => {
    const seen = new Set([start]);
    for (const each of seen) for (const next of transitions[each]) seen.add(next);
    return seen;
  };
  assert.deepEqual([...reach('created')].sort(), [...statuses].sort());
  for (const from of statuses) assert.ok(reach(from).has('removing'), from);
});

test('what runs or is paused cannot be removed', () => {
  for (const from of ['running', 'paused'] as const) assert.ok(!transitions[from].includes('removing'));
});
