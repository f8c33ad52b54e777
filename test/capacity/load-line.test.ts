import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadLine, neighbourEngines, type ResourceLoad } from '../../src/capacity/index.ts';
import type {
  ContainerLimits,
  ContainerUsage,
  HostUsage,
  NeighbourUsage,
  StatsFrame,
} from '../../src/engine/index.ts';
import { formatBytes } from '../../src/lib/format-bytes.ts';
import { formatCores } from '../../src/lib/format-cores.ts';

const GiB = 1024 ** 3;

test('a VM of 25 cores and 25 GiB whose app uses 6 cores and 10 GiB wastes 19 cores and 15 GiB', () => {
  const frame = frameOf({ cores: 25, memory: 25 * GiB, cpuUsed: 6, memoryUsed: 10 * GiB }, [
    { id: 'app', cpu: 6, memory: 10 * GiB },
  ]);
  const { cpu, memory } = loadLine(frame, new Map());
  assert.equal(cpu.wasted, 19);
  assert.equal(memory.wasted, 15 * GiB);
  assert.equal(`${formatCores(cpu.wasted)} cores, ${formatBytes(memory.wasted)}`, '19 cores, 15 GiB');
  assert.deepEqual([cpu.free, cpu.reservedUnused, cpu.usedByOthers], [19, 0, 0]);
});

test('what is reserved but not used is told apart from what is free, per container', () => {
  const frame = frameOf({ cores: 8, memory: 16 * GiB, cpuUsed: 3, memoryUsed: 6 * GiB, steal: 0.5 }, [
    { id: 'idle', cpu: 0.5, memory: GiB },
    { id: 'busy', cpu: 2, memory: 3 * GiB },
  ]);
  const limits = new Map<string, ContainerLimits>([
    ['idle', { cpus: 2, memoryBytes: 8 * GiB, memoryReservationBytes: 4 * GiB }],
    ['busy', { memoryBytes: 2 * GiB }],
  ]);
  const { cpu, memory } = loadLine(frame, limits);
  assert.deepEqual(parts(cpu), [2.5, 1, 1.5, 3]);
  assert.deepEqual(parts(memory), [4 * GiB, 2 * GiB, 3 * GiB, 7 * GiB]);
  assert.equal(cpu.wastedHeldByReservations, 1.5);
  assert.deepEqual(memory.containers, [
    { id: 'busy', used: 3 * GiB, unused: 0, held: 0, limit: 2 * GiB, reserved: 2 * GiB },
    { id: 'idle', used: GiB, unused: 3 * GiB, held: 3 * GiB, limit: 8 * GiB, reserved: 4 * GiB },
  ]);
});

test('containers of other engines are told apart from our own and from the rest, and hold reservations as ours do', () => {
  const alone = frameOf({ cores: 8, memory: 16 * GiB, cpuUsed: 5, memoryUsed: 8 * GiB }, [
    { id: 'own', cpu: 1, memory: GiB },
    { id: 'docker:d', cpu: 2, memory: 3 * GiB },
  ]);
  const line = loadLine(
    besides(alone, new Map([['docker:d', { cpus: 3, memoryBytes: 4 * GiB }]])),
    new Map(),
  );
  assert.deepEqual(parts(line.cpu), [1, 2, 1, 2]);
  assert.equal(line.cpu.usedByNeighbours, 2);
  assert.equal(line.memory.reservedUnused, GiB);
  assert.deepEqual(neighbourEngines(line.cpu), ['docker']);
  assert.deepEqual(
    line.cpu.containers.map(({ id, engine }) => [id, engine]),
    [
      ['docker:d', 'docker'],
      ['own', undefined],
    ],
  );
});

test('reservations beyond what is there are clipped to what nobody uses, in proportion', () => {
  const frame = frameOf({ cores: 4, memory: 4 * GiB, cpuUsed: 1, memoryUsed: GiB }, [
    { id: 'a', cpu: 0, memory: 0 },
    { id: 'b', cpu: 0, memory: 0 },
  ]);
  const { cpu } = loadLine(
    frame,
    new Map([
      ['a', { cpus: 4 }],
      ['b', { cpus: 64 }],
    ]),
  );
  assert.deepEqual(parts(cpu), [0, 1, 3, 0]);
  assert.deepEqual(
    cpu.containers.map(row => [row.unused, row.held]),
    [
      [4, 1.5],
      [4, 1.5],
    ],
  );
});

test('parts and rows add up to the capacity exactly, whatever the counters say', () => {
  const amount = fc.double({ min: 0, max: 300, noNaN: true });
  const bytes = fc.integer({ min: 0, max: 2 ** 45 });
  const container = fc.record({
    cpu: amount,
    memory: bytes,
    cpus: fc.option(amount, { nil: undefined }),
    limit: fc.option(bytes, { nil: undefined }),
    reservation: fc.option(bytes, { nil: undefined }),
  });
  const host = fc.record({
    cores: fc.integer({ min: 1, max: 256 }),
    memory: bytes,
    cpuUsed: amount,
    memoryUsed: fc.integer({ min: -(2 ** 40), max: 2 ** 45 }),
    steal: amount,
  });
  fc.assert(
    fc.property(host, fc.array(container, { maxLength: 12 }), (machine, list) => {
      const containers = list.map((entry, i) => ({ ...entry, id: `c${i}` }));
      const limits = new Map<string, ContainerLimits>(
        containers.map(({ id, cpus, limit, reservation }) => [
          id,
          {
            ...(cpus === undefined ? {} : { cpus }),
            ...(limit === undefined ? {} : { memoryBytes: limit }),
            ...(reservation === undefined ? {} : { memoryReservationBytes: reservation }),
          },
        ]),
      );
      const theirs = new Map([...limits].filter((_, i) => i % 3 === 2));
      const line = loadLine(besides(frameOf(machine, containers), theirs), limits);
      for (const load of [line.cpu, line.memory]) {
        assert.equal(sum(parts(load)) + load.usedByNeighbours, load.capacity);
        assert.equal(load.used + load.wasted, load.capacity);
        assert.equal(
          sum(load.containers.map(row => row.used)),
          load.usedByContainers + load.usedByNeighbours,
        );
        assert.equal(sum(load.containers.map(row => row.held)), load.wastedHeldByReservations);
        for (const part of parts(load)) assert.ok(part >= 0);
        for (const row of load.containers)
          assert.ok(row.used >= 0 && row.held >= 0 && row.held <= row.unused);
      }
      assert.equal(line.cpu.capacity, machine.cores);
      assert.equal(line.memory.capacity, machine.memory);
    }),
    { numRuns: 500 },
  );
});

function parts(load: ResourceLoad): number[] {
  return [load.usedByContainers, load.usedByOthers, load.reservedUnused, load.free];
}

/** The same where these containers are another engine's. */
function besides(frame: StatsFrame, theirs: ReadonlyMap<string, ContainerLimits>): StatsFrame {
  const own = [...frame.containers].filter(([id]) => !theirs.has(id));
  const neighbours = [...theirs].map(([id, limits]) => {
    const usage = { ...frame.containers.get(id), neighbour: { id, engine: 'docker', limits } };
    return [id, usage as unknown as NeighbourUsage] as const;
  });
  return { host: frame.host, containers: new Map(own), neighbours: new Map(neighbours) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function frameOf(
  host: { cores: number; memory: number; cpuUsed: number; memoryUsed: number; steal?: number },
  containers: readonly { id: string; cpu: number; memory: number }[],
): StatsFrame {
  const usages = containers.map(({ id, cpu, memory }) => {
    const usage = { id, cpuCores: cpu, memory: { workingSetBytes: memory } };
    return [id, usage as unknown as ContainerUsage] as const;
  });
  const hostUsage = {
    cores: host.cores,
    cpuCores: host.cpuUsed,
    stealCores: host.steal ?? 0,
    memoryTotalBytes: host.memory,
    memoryUsedBytes: host.memoryUsed,
  };
  return { host: hostUsage as unknown as HostUsage, containers: new Map(usages) };
}
