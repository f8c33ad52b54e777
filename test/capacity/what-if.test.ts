import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monthlyCost, whatIf } from '../../src/capacity/index.ts';
import { historyOf } from '../support/advice-replay.ts';

const GiB = 1024 ** 3;
const hundred = <T>(make: (i: number) => T) => Array.from({ length: 100 }, (_, i) => make(i));
/** Two that are never busy at the same time, and a rest that uses 1 core and 2 GiB. */
const early = hundred(i => ({ cpu: i < 50 ? 2 : 0, memory: 3 * GiB }));
const late = hundred(i => ({ cpu: i < 50 ? 0 : 2, memory: GiB }));
const machine = hundred(i => ({ cpu: 1 + (early[i]?.cpu ?? 0) + (late[i]?.cpu ?? 0), memory: 6 * GiB }));
const recorded = {
  machine: historyOf(machine),
  containers: new Map([
    ['early', historyOf(early)],
    ['late', historyOf(late)],
  ]),
};
const suppose = (replicas: Record<string, number>, cores = 4, memoryBytes = 8 * GiB) =>
  whatIf(recorded, { cores, memoryBytes, replicas: new Map(Object.entries(replicas)) });

function near(actual: number | undefined, expected: number): void {
  assert.ok(Math.abs((actual ?? 0) - expected) < expected * 0.02, `${actual} is not ${expected}`);
}

test('with nothing changed the machine is what it was, not what all would use at once', () => {
  const [cpu, memory] = suppose({});
  near(cpu?.p95, 3);
  near(cpu?.peak, 3);
  near(memory?.peak, 6 * GiB);
  assert.deepEqual(
    [cpu?.fitsP95, cpu?.fitsPeak, memory?.fitsP95, memory?.fitsPeak],
    [true, true, true, true],
  );
});

test('a smaller machine may be too small, each resource for itself', () => {
  const [cpu, memory] = suppose({}, 2, 8 * GiB);
  assert.deepEqual([cpu?.fitsP95, memory?.fitsP95, cpu?.capacity], [false, true, 2]);
  assert.equal(suppose({}, 4, 4 * GiB)[1]?.fitsPeak, false);
});

test('replicas add what one of them uses, and what is elsewhere is missing', () => {
  const [cpu, memory] = suppose({ early: 3 });
  near(cpu?.p95, 3 + 2 * 2);
  near(memory?.p95, 6 * GiB + 2 * 3 * GiB);
  const [, less] = suppose({ early: 0 });
  near(less?.p95, 3 * GiB);
  near(suppose({ early: 0, late: 0 })[1]?.peak, 2 * GiB);
});

test('monthlyCost() counts 730 hours', () => {
  const prices = { coreHour: 0.03, gibHour: 0.004, currency: 'EUR' };
  assert.equal(
    monthlyCost(prices, { cores: 2, bytes: 4 * GiB }).toFixed(2),
    ((0.06 + 0.016) * 730).toFixed(2),
  );
  assert.equal(monthlyCost(prices, {}), 0);
});
