import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { advise, adviseAll, defaultRule, exportLimits, limitChange } from '../../src/capacity/index.ts';
import type { ContainerLimits, StatsFrame, UsageHistory } from '../../src/engine/index.ts';
import { historyOf, replay, workloads } from '../support/advice-replay.ts';

const MiB = 1024 ** 2;
const machine = { cores: 8, memoryBytes: 16 * 1024 * MiB };
const minutes = (days: number) => days * 1440;

/** So many minutes of the same use. */
function steady(days: number, use = { cpu: 0.5, memory: 400 * MiB }): UsageHistory {
  return historyOf(Array.from({ length: minutes(days) }, () => use));
}

function ask(usage: UsageHistory | undefined, limits: ContainerLimits = {}, more = {}) {
  return advise({ usage, limits, machine, ...more });
}

/** Right within the 1 % of the histogram, and rounded up. */
function near(actual: number | undefined, expected: number, unit: number): void {
  assert.ok(Math.abs((actual ?? 0) - expected) <= expected * 0.011 + unit, `${actual} is not ${expected}`);
}

test('what was hardly measured gets no advice', () => {
  assert.equal(ask(undefined).verdict, 'not enough data');
  const short = ask(steady(0.12));
  assert.deepEqual([short.verdict, short.cpu, short.memory], ['not enough data', undefined, undefined]);
  assert.ok(short.points > 0 && short.measuredSeconds > 0);
  assert.equal(ask({ ...steady(1), points: 99 }).verdict, 'not enough data');
  assert.notEqual(ask(steady(0.13)).verdict, 'not enough data');
});

test('cores are the percentile and headroom, and a margin that shrinks with age', () => {
  const uses = Array.from({ length: minutes(10) }, (_, i) => ({
    cpu: i % 20 === 0 ? 2 : 0.2,
    memory: 50 * MiB,
  }));
  near(ask(historyOf(uses)).cpu?.needed, 2 * 1.15 * 1.01, 0.01);
  const p90 = { ...defaultRule, cpuPercentile: 0.9 };
  const cut = advise({ usage: historyOf(uses), limits: {}, machine }, p90);
  near(cut.cpu?.needed, 0.2 * 1.15 * 1.01, 0.01);
  near(cut.throttledShare, 0.05, 0);
  near(ask(steady(1)).cpu?.needed, 0.5 * 1.15 * 1.1, 0.01);
  near(ask(steady(0.5)).cpu?.needed, 0.5 * 1.15 * 1.2, 0.01);
  assert.match(
    ask(steady(1)).cpu?.why[0] ?? '',
    /^P99 of 0\.5 cores \+ 15% headroom \+ 10% for 1d of history$/,
  );
});

test('memory is the highest use and headroom, and never below what the kernel has recorded', () => {
  near(ask(steady(10)).memory?.needed, 400 * 1.15 * 1.01 * MiB, MiB);
  const peak = 700 * MiB;
  assert.equal(ask({ ...steady(10), peakBytes: peak }).memory?.needed, peak);
  assert.equal(ask(steady(10), {}, { peakBytes: peak }).memory?.needed, peak, 'of this moment');
  const { memory } = ask(steady(10, { cpu: 0, memory: MiB }));
  assert.equal(memory?.needed, 16 * MiB);
  assert.match(memory?.why.at(-1) ?? '', /nothing below 16 MiB/);
});

test('whatever was used, advice is not below the peak, nor above the machine', () => {
  const use = fc.record({
    cpu: fc.double({ min: 0, max: 8, noNaN: true }),
    memory: fc.integer({ min: 0, max: 2 ** 34 }),
  });
  const counts = fc.record({ peakBytes: fc.integer({ min: 0, max: 2 ** 34 }), oomKills: fc.nat(3) });
  const limit = fc.option(fc.integer({ min: 6 * MiB, max: 2 ** 34 }), { nil: undefined });
  fc.assert(
    fc.property(
      fc.array(use, { minLength: 200, maxLength: 250 }),
      counts,
      limit,
      (uses, more, memoryBytes) => {
        const usage = { ...historyOf(uses), ...more };
        const { cpu, memory } = ask(usage, memoryBytes === undefined ? {} : { memoryBytes });
        assert.ok(cpu && memory);
        assert.ok(memory.needed >= Math.max(usage.peakBytes, usage.memory.max) - 1);
        assert.ok(memory.needed <= machine.memoryBytes && memory.needed % MiB === 0);
        assert.ok(cpu.needed <= machine.cores && cpu.needed >= cpu.p95 * 0.98 - 0.01);
        assert.ok(cpu.frees >= 0 && memory.frees >= 0 && cpu.why.length > 0 && memory.why.length > 0);
      },
    ),
    { numRuns: 100 },
  );
});

test('what ran out of memory is too small, and what was raised for it is not raised again', () => {
  const killed = { ...steady(10), peakBytes: 512 * MiB, oomKills: 2 };
  const small = ask(killed, { memoryBytes: 512 * MiB });
  assert.deepEqual([small.verdict, small.memory?.needed], ['too small', 640 * MiB]);
  assert.match(small.memory?.why.at(-1) ?? '', /2 kills.*512 MiB.*25%/);
  const raised = ask(killed, { memoryBytes: 640 * MiB, cpus: 0.6 });
  assert.deepEqual([raised.verdict, raised.memory?.needed, raised.memory?.frees], ['fits', 640 * MiB, 0]);
});

test('what has to wait for CPU is too small, unless its limit was changed since', () => {
  const waited = { ...steady(10), periods: 1000, throttledPeriods: 60 };
  const limits = { cpus: 0.5, memoryBytes: 480 * MiB };
  const small = ask(waited, limits);
  assert.deepEqual([small.verdict, small.cpu?.needed], ['too small', 0.63]);
  assert.equal(ask({ ...waited, throttledPeriods: 50 }, limits).verdict, 'fits', 'as much as may be');
  const since = { waits: { periods: 100, throttledPeriods: 1 } };
  assert.deepEqual([ask(waited, { ...limits, cpus: 0.63 }, since).verdict], ['fits']);
  const most = ask(waited, { ...limits, cpus: 8 });
  assert.equal(most.cpu?.needed, 8);
  assert.match(most.cpu?.why.at(-1) ?? '', /the machine has 8 cores/);
});

test('too large, idle, unlimited, noisy: the first that holds', () => {
  const limits = { cpuQuota: 200_000, memoryBytes: 1024 * MiB };
  const large = ask(steady(10), limits);
  assert.deepEqual([large.verdict, large.cpu?.limit], ['too large', 2]);
  near(large.cpu?.frees, 2 - 0.58, 0.02);
  near(large.memory?.frees, (1024 - 465) * MiB, 6 * MiB);
  const quiet = { cpu: 0.001, memory: 20 * MiB };
  assert.equal(ask(steady(8, quiet), limits).verdict, 'idle');
  assert.equal(ask(steady(6, quiet), limits).verdict, 'too large', 'not long enough to say');
  const spoken = { ...steady(8, quiet), networkBytes: 8 * 86_400 * 2000 };
  assert.equal(ask(spoken, limits).verdict, 'too large', 'somebody talks to it');
  assert.deepEqual([ask(steady(10)).verdict, ask(steady(10)).isNoisy], ['unlimited', false]);
  assert.equal(ask(steady(10, { cpu: 5, memory: MiB })).isNoisy, true);
  assert.equal(ask(steady(10, { cpu: 5, memory: MiB }), { cpus: 6 }).isNoisy, false);
});

test('adviseAll() puts first what lacks something, then what frees most, last what is not known', () => {
  const names = ['new', 'small', 'large', 'larger'];
  const containers = names.map((name, i) => ({
    ...{ id: name, name },
    limits: { cpus: [1, 0.5, 2, 4][i] ?? 1, memoryBytes: 480 * MiB },
  }));
  const waited = { ...steady(10), periods: 100, throttledPeriods: 90 };
  const frame = {
    host: { cores: 8, memoryTotalBytes: 16 * 1024 * MiB },
    containers: new Map([['larger', { memory: { peakBytes: 470 * MiB } }]]),
  } as unknown as StatsFrame;
  const usage = new Map([...names.slice(2).map(id => [id, steady(10)] as const), ['small', waited] as const]);
  const rows = adviseAll({ containers, usage, sinceChange: new Map(), frame });
  assert.deepEqual(
    rows.map(({ name, advice }) => [name, advice.verdict]),
    [
      ['small', 'too small'],
      ['larger', 'too large'],
      ['large', 'too large'],
      ['new', 'not enough data'],
    ],
  );
  assert.equal(rows[1]?.advice.memory?.needed, 470 * MiB, "the kernel's peak of this moment");
  const since = adviseAll({ containers, usage, sinceChange: new Map([['small', undefined]]), frame });
  assert.notEqual(since[0]?.name, 'small', 'nothing is known since its limit was changed');
});

test('limitChange() keeps the distance of the swap limit and lowers the reservation', () => {
  const advice = ask(steady(10), { cpus: 2, memoryBytes: 1024 * MiB });
  const { memory } = advice;
  assert.ok(memory);
  assert.equal(limitChange({}, ask(undefined)), undefined);
  assert.deepEqual(limitChange({}, advice), { cpus: advice.cpu?.needed, memoryBytes: memory.needed });
  const full = { memoryBytes: 1024 * MiB, memorySwapBytes: 1536 * MiB, memoryReservationBytes: 900 * MiB };
  assert.deepEqual(limitChange(full, advice), {
    cpus: advice.cpu?.needed,
    memoryBytes: memory.needed,
    memorySwapBytes: memory.needed + 512 * MiB,
    memoryReservationBytes: memory.needed,
  });
  assert.equal(limitChange({ ...full, memorySwapBytes: -1 }, advice)?.memorySwapBytes, undefined);
});

test('exportLimits() writes what docker, Compose, Kubernetes and plimsoll itself take', () => {
  const web = { name: 'web', cpus: 0.35, memoryBytes: 200 * MiB };
  assert.equal(exportLimits([web], 'plimsoll'), 'plimsoll update --cpus 0.35 --memory 200m web\n');
  assert.equal(
    exportLimits([web], 'docker'),
    'docker update --cpus 0.35 --memory 200m --memory-swap 400m web\n',
  );
  const compose = exportLimits([web, { ...web, name: 'db' }], 'compose');
  assert.equal(compose.match(/^services:$/gm)?.length, 1);
  assert.match(
    compose,
    /^ {2}db:\n {4}deploy:\n {6}resources:\n {8}limits:\n {10}cpus: "0.35"\n {10}memory: 200M$/m,
  );
  assert.match(
    exportLimits([web], 'kubernetes'),
    /cpu: 350m\n {4}memory: 200Mi\n {2}limits:\n {4}memory: 200Mi\n$/,
  );
  assert.equal(exportLimits([], 'compose'), '');
});

test('exportLimits() writes all that is limited, each where its reader looks for it', () => {
  const all = {
    name: 'db',
    cpus: 1.5,
    enforcesCpus: true,
    memoryBytes: 512 * MiB,
    memoryReservationBytes: 256 * MiB,
    memorySwapBytes: -1,
    cpuShares: 512,
    cpusetCpus: '0-1',
    pids: 100,
    blockWeight: 300,
  };
  assert.equal(
    exportLimits([all], 'docker'),
    'docker update --cpus 1.5 --memory 512m --memory-swap -1 --memory-reservation 256m --cpu-shares 512 --cpuset-cpus 0-1 --pids-limit 100 --blkio-weight 300 db\n',
  );
  assert.equal(
    exportLimits([all], 'compose'),
    `services:
  db:
    cpu_shares: 512
    cpuset: "0-1"
    memswap_limit: -1
    blkio_config:
      weight: 300
    deploy:
      resources:
        limits:
          cpus: "1.5"
          memory: 512M
          pids: 100
        reservations:
          memory: 256M
`,
  );
  assert.equal(
    exportLimits([all], 'kubernetes'),
    '# container db\nresources:\n  requests:\n    cpu: 1500m\n    memory: 256Mi\n  limits:\n    cpu: 1500m\n    memory: 512Mi\n',
  );
  assert.equal(
    exportLimits([{ name: 'db', cpuShares: 512 }], 'kubernetes'),
    '# container db\nresources:\n  {}\n',
  );
});

test('the default rule, replayed: nothing waits or runs out but what no history could show', () => {
  const after3 = new Map(replay(defaultRule, 3).map(row => [row.workload, row]));
  assert.deepEqual([...after3.keys()], Object.keys(workloads));
  const unforeseen = ['weeklyBatch', 'leak'];
  for (const [name, { outOfMemory, throttled }] of after3) {
    assert.equal(outOfMemory > 0, unforeseen.includes(name), name);
    assert.ok(throttled < 0.015, `${name} waits in ${throttled} of its time`);
  }
  assert.equal(replay(defaultRule, 7).find(({ workload }) => workload === 'weeklyBatch')?.outOfMemory, 0);
  const bare = { ...defaultRule, memoryHeadroom: 1, ageMargin: 0 };
  assert.ok((replay(bare, 3).find(({ workload }) => workload === 'bursts')?.outOfMemory ?? 0) > 0);
});
