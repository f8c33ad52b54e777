import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type FleetMachine,
  fleetTable,
  type MachineReport,
  parseReport,
} from '../../../src/capacity/index.ts';

const GiB = 1024 ** 3;
const now = 1_000_000;
const options = { now, silentAfterMs: 15_000 };

function machine(name: string, cores: number, gib: number, more: Partial<FleetMachine> = {}): FleetMachine {
  const resource = (capacity: number, used: number) => ({
    ...{ capacity, used, usedByContainers: used, reserved: 0 },
  });
  const report: MachineReport = {
    ...{ time: now, hostname: name, machine: 'kvm', running: 1 },
    cpu: resource(25, cores),
    memory: resource(25 * GiB, gib * GiB),
  };
  return { name, report, seen: now, ...more };
}

test('fleetTable() shows the largest waste first, and the sum of all', () => {
  const { rows, total } = fleetTable([machine('busy', 20, 20), machine('worked', 6, 10)], options);
  assert.deepEqual(
    rows.map(row => [row.name, row.cpu?.wasted, (row.memory?.wasted ?? 0) / GiB, row.grade]),
    [
      ['worked', 19, 15, 'D'],
      ['busy', 5, 5, 'A'],
    ],
  );
  assert.equal(total.cpu.wasted, 24);
  assert.equal(total.memory.wasted, 20 * GiB);
  assert.equal(total.monthlyCost, undefined);
});

test('fleetTable() turns waste into money, by the size of a machine or by its own price', () => {
  const prices = { coreHour: 0.01, gibHour: 0, currency: 'EUR' };
  const machines = [machine('by-size', 6, 10), machine('priced', 0, 25, { monthlyPrice: 100 })];
  const { rows } = fleetTable(machines, { ...options, prices });
  const waste = new Map(rows.map(row => [row.name, row.monthlyWaste]));
  assert.ok(Math.abs((waste.get('by-size') ?? 0) - 19 * 7.3) < 1e-6);
  assert.equal(waste.get('priced'), 50);
});

test('fleetTable() keeps the last figures of a machine that is silent, with their age', () => {
  const late = machine('late', 1, 1, { seen: now - 60_000 });
  const broken = machine('broken', 1, 1, { problem: 'refused' });
  const { rows, total } = fleetTable([late, broken, { name: 'new' }, machine('well', 1, 1)], options);
  const byName = new Map(rows.map(row => [row.name, row]));
  assert.equal(byName.get('late')?.status, 'silent');
  assert.equal(byName.get('late')?.ageMs, 60_000);
  assert.equal(byName.get('broken')?.status, 'silent');
  assert.equal(byName.get('new')?.status, 'waiting');
  assert.equal(rows.at(-1)?.name, 'new');
  assert.equal(total.answering, 1);
  assert.equal(total.cpu.capacity, 75);
});

test('parseReport() reads what was written, and nothing else', () => {
  const { report } = machine('web', 6, 10);
  assert.deepEqual(parseReport(JSON.stringify(report)), report);
  for (const text of ['', 'Welcome to Debian', '[]', 'null', '{"time":1}', '{"time":1,"cpu":{},"memory":{}}'])
    assert.equal(parseReport(text), undefined, text);
  const lying = { ...report, hostname: 'a\u001b[2Jb', cpu: { ...report?.cpu, used: 1e6 } };
  const read = parseReport(JSON.stringify(lying));
  assert.equal(read?.hostname, 'ab');
  assert.equal(read?.cpu.used, 25);
  assert.equal(parseReport(JSON.stringify({ ...report, cpu: { ...report?.cpu, capacity: -1 } })), undefined);
});
