import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineRounds } from '../../src/fleet/engine-rounds.ts';

const id = 'a'.repeat(64);
const round = (busy: number, idle: number, percent: string, memory: string) => `name vm-1
clock 1000
cores 4
cpu  ${busy} 0 0 ${idle} 0 0 0 0 0 0
total       1000 kB
available        600 kB
i\t${id}\t/web\t500000000\t0\t0\t262144\t0\t\t\tshop\tweb
s\t${id.slice(0, 12)}\t${percent}\t${memory}
==`;

test('rounds of a machine without plimsoll become reports: its own use by its kernel, containers by the engine', () => {
  const rounds = engineRounds();
  const reports = [round(0, 0, '0.00%', '0B / 0B'), round(100, 300, '50.00%', '100KiB / 1GiB')].map(text =>
    text.split('\n').map(line => rounds.add(line)),
  );
  assert.ok(
    reports[0]?.every(report => report === undefined),
    'one round has no rates',
  );
  const report = reports[1]?.at(-1);
  assert.ok(report !== undefined);
  assert.deepEqual([report.hostname, report.running], ['vm-1', 1]);
  const { cpu, memory, containers } = report;
  assert.deepEqual([cpu.capacity, cpu.used, cpu.usedByContainers, cpu.reserved], [4, 1, 0.5, 0.5]);
  assert.deepEqual(
    [memory.capacity, memory.used, memory.usedByContainers, memory.reserved],
    [1000 * 1024, 400 * 1024, 100 * 1024, 262_144],
  );
  const [web] = containers ?? [];
  assert.deepEqual([web?.name, web?.apart, web?.cpu.peak], ['web', 'shop/web', 0.5]);
  assert.equal(report.observedSeconds, 0);
});

test('what is no figure is left out', () => {
  const rounds = engineRounds();
  for (const line of ['', 'motd', 's\tb\tx\ty', 'i\t', 'cpu x y', '==', 'cores many', '=='])
    assert.equal(rounds.add(line), undefined);
});
