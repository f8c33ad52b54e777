import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  type CgroupHierarchy,
  createStatsService,
  type RunningContainer,
  type StatsFrame,
} from '../../../src/engine/stats/index.ts';
import { isPlimsollError } from '../../../src/errors.ts';

const fixtures = resolve(import.meta.dirname, '../../fixtures/cgroups');
const container: RunningContainer = { id: 'c1', cgroupPath: '/plimsoll/c1', pid: 4242, network: 'bridge' };

test('a cgroup v2 container is sampled from its files', async t => {
  const { first } = service(t, 'v2');
  const sample = (await first([container])).containers.get('c1')?.sample;
  assert.deepEqual(sample, {
    id: 'c1',
    time: 1_700_000_000_000,
    cpu: { usageSeconds: 7.654321, throttledSeconds: 2.5, throttledPeriods: 50, periods: 200 },
    memory: {
      usageBytes: 152_043_520,
      workingSetBytes: 152_043_520 - 83_886_080,
      anonBytes: 41_943_040,
      fileBytes: 104_857_600,
      shmemBytes: 1_048_576,
      kernelBytes: 5_242_880,
      oomKills: 2,
      peakBytes: 201_326_592,
    },
    blockIo: { readBytes: 1_049_600, writeBytes: 4608 },
    pids: { current: 12, limit: 100 },
    pressure: { cpu: 0.125, memory: 0, io: 0.0125 },
    network: { rxBytes: 506_392_819, txBytes: 971_799 },
  });
});

test('a cgroup v1 container is sampled from its files', async t => {
  const { first } = service(t, 'v1');
  const sample = (await first([container])).containers.get('c1')?.sample;
  assert.deepEqual(sample, {
    id: 'c1',
    time: 1_700_000_000_000,
    cpu: { usageSeconds: 0.262945307, throttledSeconds: 1.006308465, throttledPeriods: 13, periods: 15 },
    memory: {
      usageBytes: 22_163_456,
      workingSetBytes: 22_163_456 - 21_106_688,
      anonBytes: 114_688,
      fileBytes: 21_159_936,
      shmemBytes: 0,
      kernelBytes: 675_840,
      oomKills: 0,
      peakBytes: 23_322_624,
      limitBytes: 268_435_456,
    },
    blockIo: { readBytes: 8292, writeBytes: 20_971_520 },
    pids: { current: 2, limit: 64 },
    network: { rxBytes: 506_392_819, txBytes: 971_799 },
  });
});

test("cgroup v1's number for no limit is no limit", async t => {
  const { first, tree } = service(t, 'v1');
  writeFileSync(join(tree, 'memory/plimsoll/c1/memory.limit_in_bytes'), '9223372036854771712\n');
  assert.equal((await first([container])).containers.get('c1')?.memory.limitBytes, undefined);
});

test('the host is sampled without counting guests twice, and steal apart', async t => {
  const { first } = service(t, 'v2');
  const { sample } = (await first([])).host;
  assert.equal(sample.cores, 2);
  assert.deepEqual(sample.cpu, {
    busySeconds: (23960 + 40 + 17866 + 5 + 995) / 100,
    idleSeconds: (436254 + 2874) / 100,
    stealSeconds: 76.78,
  });
  assert.deepEqual(sample.memory, {
    totalBytes: 8_000_000 * 1024,
    availableBytes: 5_000_000 * 1024,
    cacheBytes: 3_050_000 * 1024,
    swapTotalBytes: 1_000_000 * 1024,
    swapFreeBytes: 900_000 * 1024,
  });
  assert.deepEqual(sample.loadAverage, [0.38, 1.13, 1.22]);
  assert.deepEqual(sample.pressure, { cpu: 0.125, memory: 0, io: 0.0125 });
});

test('a host without MemAvailable is given what could be dropped', async t => {
  const { first, proc } = service(t, 'v2');
  writeFileSync(
    join(proc, 'meminfo'),
    'MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 300 kB\nShmem: 120 kB\nSReclaimable: 20 kB\n',
  );
  assert.equal((await first([])).host.sample.memory.availableBytes, (100 + 50 + 300 - 120 + 20) * 1024);
});

test("a container on the host's network has no network counters of its own, and one that is gone is left out", async t => {
  const { first } = service(t, 'v2');
  const frame = await first([
    { ...container, network: 'host' },
    { ...container, id: 'gone', cgroupPath: '/plimsoll/gone' },
    { id: 'rootless', network: 'bridge' },
  ]);
  assert.deepEqual([...frame.containers.keys()], ['c1']);
  assert.equal(frame.containers.get('c1')?.sample.network, undefined);
});

test('stream() gives rates from the second frame on, follows the list, and closes its files at the end', async t => {
  const { stats, set, tree, tick } = service(t, 'v2');
  const before = openFiles();
  const stop = new AbortController();
  set([container]);
  const frames: StatsFrame[] = [];
  for await (const frame of stats.stream({ intervalMs: 1, signal: stop.signal })) {
    frames.push(frame);
    tick(2000);
    writeFileSync(
      join(tree, 'plimsoll/c1/cpu.stat'),
      'usage_usec 8654321\nnr_periods 220\nnr_throttled 60\n',
    );
    if (frames.length === 2) {
      assert.ok(openFiles() > before, 'files stay open between frames');
      set([]);
    }
    if (frames.length === 3) stop.abort();
  }
  assert.equal(frames.length, 3);
  assert.equal(frames[0]?.containers.get('c1')?.cpuCores, 0);
  const second = frames[1]?.containers.get('c1');
  assert.ok(second);
  assert.equal(second.cpuCores.toFixed(6), '0.500000');
  assert.equal(second.cpuPercent.toFixed(4), '50.0000');
  assert.equal(second.cpuPercentOfHost.toFixed(4), '25.0000');
  assert.equal(second.throttledShare, 0.5);
  assert.equal(frames[2]?.containers.size, 0);
  assert.equal(openFiles(), before);
});

test('a container that starts anew at the same path is read anew', async t => {
  const { stats, set, tree } = service(t, 'v2');
  const stop = new AbortController();
  set([container]);
  rmSync(join(tree, 'plimsoll/c1'), { recursive: true });
  const usages: (number | undefined)[] = [];
  for await (const frame of stats.stream({ intervalMs: 1, signal: stop.signal })) {
    usages.push(frame.containers.get('c1')?.sample.cpu.usageSeconds);
    cpSync(resolve(fixtures, 'v2'), tree, { recursive: true });
    if (usages.length === 2) stop.abort();
  }
  assert.deepEqual(usages, [undefined, 7.654321]);
});

test('once() rejects with `cancelled` when its signal fires', async t => {
  const { stats } = service(t, 'v2');
  const error = await stats.once({ intervalMs: 10_000, signal: AbortSignal.timeout(5) }).catch(e => e);
  assert.ok(isPlimsollError(error, 'cancelled'));
});

test("once() and facts() work on this machine's own files", async () => {
  const stats = createStatsService({ listRunning: () => [], dataDir: tmpdir() });
  const { host } = await stats.once({ intervalMs: 50 });
  assert.ok(host.cores > 0 && host.memoryTotalBytes > host.memoryUsedBytes && host.memoryUsedBytes > 0);
  assert.ok(host.cpuCores >= 0 && host.cpuCores <= host.cores);
  const facts = await stats.facts();
  assert.ok(facts.machine !== '' && facts.kernel !== '' && facts.diskTotalBytes > facts.diskFreeBytes);
});

function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}

/** A service over a copy of a recorded tree, with a clock that the test moves. */
function service(t: TestContext, version: 'v1' | 'v2') {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-stats-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [tree, proc] = [join(folder, version), join(folder, 'proc')];
  cpSync(join(fixtures, version), tree, { recursive: true });
  cpSync(join(fixtures, 'proc'), proc, { recursive: true });
  const v1 = Object.fromEntries(
    ['cpu', 'cpuacct', 'memory', 'pids', 'blkio'].map(name => [name, join(tree, name)]),
  );
  const cgroups: CgroupHierarchy = version === 'v1' ? { version, v1 } : { version, v1: {}, v2: tree };
  let now = 1_700_000_000_000;
  let running: readonly RunningContainer[] = [];
  const stats = createStatsService({
    listRunning: () => running,
    dataDir: folder,
    clock: () => now,
    cgroups,
    proc,
  });
  return {
    stats,
    tree,
    proc,
    tick: (ms: number) => (now += ms),
    set: (list: readonly RunningContainer[]) => (running = list),
    first(list: readonly RunningContainer[]): Promise<StatsFrame> {
      running = list;
      return stats.once({ intervalMs: 0 });
    },
  };
}
