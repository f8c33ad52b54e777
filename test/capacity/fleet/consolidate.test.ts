import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ContainerReport,
  consolidate,
  defaultConsolidation,
  type FleetMachine,
} from '../../../src/capacity/index.ts';
import { simulatedFleet } from '../../support/simulated-fleet.ts';

const GiB = 1024 ** 3;
const now = 1e12;
const options = { now, silentAfterMs: 15_000, ...defaultConsolidation };

function container(name: string, cores: number, gib: number, more: Partial<ContainerReport> = {}) {
  const memory = { p95: gib * GiB, peak: gib * GiB };
  return { name, cpu: { p95: cores, peak: cores * 2 }, memory, ...more };
}

/** Of 10 cores and 10 GiB, of which one core and one GiB are its own. */
function machine(name: string, containers: readonly ContainerReport[], more: Partial<FleetMachine> = {}) {
  const resource = (unit: number) => ({
    ...{ capacity: 10 * unit, used: 5 * unit, usedByContainers: 4 * unit, reserved: 0 },
    ...{ restP95: unit, restPeak: unit },
  });
  const report = {
    ...{ time: now, hostname: name, machine: '', running: containers.length, containers },
    ...{ cpu: resource(1), memory: resource(GiB) },
  };
  return { name, report, seen: now, ...more };
}

test('consolidate() empties a machine onto another that keeps its headroom, and lists the moves', () => {
  const fleet = [machine('a', [container('web', 3, 3)]), machine('b', [container('db', 4, 4)])];
  const plan = consolidate(fleet, { ...options, prices: { coreHour: 1, gibHour: 0, currency: '' } });
  assert.equal(plan.emptied.length, 1);
  assert.equal(plan.moves.length, 1);
  assert.deepEqual([plan.freedCores, plan.freedBytes, plan.monthlySaving], [10, 10 * GiB, 7300]);
  assert.equal(plan.after[0]?.cpuP95, 0.8);
  assert.equal(consolidate(fleet, { ...options, headroom: 0.3 }).emptied.length, 0, 'with more headroom not');
  assert.equal(consolidate(fleet, { ...options, cpuPeaks: true }).emptied.length, 0, 'nor with all peaks');
});

test('consolidate() lets no memory peaks come together that do not fit', () => {
  const spiky = container('spiky', 1, 1, { memory: { p95: GiB, peak: 6 * GiB } });
  const fleet = [machine('a', [spiky]), machine('b', [{ ...spiky, name: 'other' }])];
  assert.equal(consolidate(fleet, options).emptied.length, 0);
});

test('consolidate() keeps what is pinned, kept, silent, unknown, and replicas apart', () => {
  const small = (name: string, more: Partial<ContainerReport> = {}) => [container(name, 0.1, 0.1, more)];
  const unknown: FleetMachine = { name: 'unknown' };
  const apart = { apart: 'shop/web' };
  const fleet = [
    machine('pinned', small('p', { pinned: true, ...apart })),
    machine('kept', small('k', apart), { keep: true }),
    machine('replica', small('r', apart)),
    machine('idle', []),
    machine('silent', [], { problem: 'refused' }),
    unknown,
  ];
  const plan = consolidate(fleet, options);
  assert.deepEqual(
    plan.emptied.map(({ name }) => name),
    ['idle'],
  );
  assert.deepEqual(
    plan.leftOut.map(({ name }) => name),
    ['pinned', 'kept', 'silent', 'unknown'],
  );
});

test('consolidate() empties no machine that does more than run containers', () => {
  const { report } = machine('a', []);
  const database = { ...report, cpu: { ...report.cpu, restP95: 4 } };
  const plan = consolidate([{ name: 'a', report: database, seen: now }], options);
  assert.equal(plan.emptied.length, 0);
  assert.match(plan.leftOut[0]?.why ?? '', /more than containers/);
});

test('consolidate() of many machines comes near to what no plan could beat, within every limit', () => {
  const fleet = simulatedFleet(60, 15, { now });
  const plan = consolidate(fleet, options);
  assert.ok(plan.freedShare > plan.mostFreedShare - 0.08, `${plan.freedShare} of ${plan.mostFreedShare}`);
  assert.ok(plan.freedShare <= plan.mostFreedShare);
  for (const { cpuP95, memoryP95, memoryPeak } of plan.after) {
    assert.ok(cpuP95 <= 0.8 + 1e-6 && memoryP95 <= 0.8 + 1e-6 && memoryPeak <= 1 + 1e-6);
  }
  const gone = new Set(plan.emptied.map(({ name }) => name));
  const moved = new Map(plan.moves.map(move => [move.container, move]));
  for (const { name, report } of fleet)
    if (gone.has(name)) for (const one of report?.containers ?? []) assert.ok(moved.has(one.name));
  for (const { from, to } of moved.values()) assert.ok(gone.has(from) && !gone.has(to));
});
