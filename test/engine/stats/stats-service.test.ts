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
/** Recorded on a server with systemd, see test/vm/steps/recording.ts. */
const limited: RunningContainer = { id: 'c1', cgroupPath: '/limited', pid: 4242, network: 'bridge' };
const unlimited: RunningContainer = { id: 'c2', cgroupPath: '/unlimited', pid: 4343, network: 'bridge' };
const onV1: RunningContainer = { id: 'c1', cgroupPath: '/plimsoll/c1', pid: 4242, network: 'bridge' };

test('a cgroup v2 container is sampled from its files: one with limits that it has met, and one without', async t => {
  const { first } = service(t, 'v2');
  const { containers } = await first([limited, unlimited]);
  assert.deepEqual(containers.get('c1')?.sample, {
    id: 'c1',
    time: 1_700_000_000_000,
    cpu: { usageSeconds: 4.866914, throttledSeconds: 6.172506, throttledPeriods: 155, periods: 168 },
    memory: {
      usageBytes: 8_585_216,
      workingSetBytes: 8_585_216 - 8_388_608,
      anonBytes: 53_248,
      fileBytes: 8_388_608,
      shmemBytes: 0,
      kernelBytes: 143_360,
      oomKills: 1,
      peakBytes: 50_331_648,
      limitBytes: 50_331_648,
    },
    blockIo: { readBytes: 8_388_608, writeBytes: 8_388_608 },
    pids: { current: 1, limit: 100 },
    pressure: { cpu: 17.86 / 100, memory: 0.09 / 100, io: 0 },
    network: { rxBytes: 2774, txBytes: 726 },
  });
  assert.deepEqual(containers.get('c2')?.sample, {
    id: 'c2',
    time: 1_700_000_000_000,
    cpu: { usageSeconds: 0.048252, throttledSeconds: 0, throttledPeriods: 0, periods: 0 },
    memory: {
      usageBytes: 192_512,
      workingSetBytes: 192_512,
      anonBytes: 49_152,
      fileBytes: 0,
      shmemBytes: 0,
      kernelBytes: 143_360,
      oomKills: 0,
      peakBytes: 450_560,
    },
    blockIo: { readBytes: 0, writeBytes: 0 },
    pids: { current: 1 },
    pressure: { cpu: 0.0005, memory: 0, io: 0 },
    network: { rxBytes: 1592, txBytes: 656 },
  });
});

test('the host of cgroup v2 containers is sampled from its files', async t => {
  const { first } = service(t, 'v2');
  assert.deepEqual((await first([])).host.sample, {
    time: 1_700_000_000_000,
    cores: 1,
    cpu: { busySeconds: (160_708 + 62_822 + 3040) / 100, idleSeconds: (16_060 + 441) / 100, stealSeconds: 0 },
    memory: {
      totalBytes: 4_021_260 * 1024,
      availableBytes: 3_678_496 * 1024,
      cacheBytes: (35_652 + 573_344 + 56_624 - 588) * 1024,
      kernelBytes: (20_764 + 1216 + 1172 + 520) * 1024,
      swapTotalBytes: 0,
      swapFreeBytes: 0,
    },
    loadAverage: [1.92, 2.37, 2.1],
    pressure: { cpu: 39.68 / 100, memory: 0.08 / 100, io: 0 },
  });
});

test('a cgroup v1 container is sampled from its files', async t => {
  const { first } = service(t, 'v1');
  const sample = (await first([onV1])).containers.get('c1')?.sample;
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
  assert.equal((await first([onV1])).containers.get('c1')?.memory.limitBytes, undefined);
});

test('the host is sampled without counting guests twice, and steal apart', async t => {
  const { first } = service(t, 'v1');
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
    kernelBytes: 0,
    swapTotalBytes: 1_000_000 * 1024,
    swapFreeBytes: 900_000 * 1024,
  });
  assert.deepEqual(sample.loadAverage, [0.38, 1.13, 1.22]);
  assert.deepEqual(sample.pressure, { cpu: 0.125, memory: 0, io: 0.0125 });
});

test('a host without MemAvailable is given what could be dropped', async t => {
  const { first, proc } = service(t, 'v1');
  writeFileSync(
    join(proc, 'meminfo'),
    'MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 300 kB\nShmem: 120 kB\nSReclaimable: 20 kB\n',
  );
  assert.equal((await first([])).host.sample.memory.availableBytes, (100 + 50 + 300 - 120 + 20) * 1024);
});

test("a container on the host's network has no network counters of its own, and one that is gone is left out", async t => {
  const { first } = service(t, 'v2');
  const frame = await first([
    { ...limited, network: 'host' },
    { ...limited, id: 'gone', cgroupPath: '/gone' },
    { id: 'rootless', network: 'bridge' },
  ]);
  assert.deepEqual([...frame.containers.keys()], ['c1']);
  assert.equal(frame.containers.get('c1')?.sample.network, undefined);
});

test('stream() gives rates from the second frame on, follows the list, and closes its files at the end', async t => {
  const { stats, set, tree, tick } = service(t, 'v2');
  const before = openFiles();
  const stop = new AbortController();
  set([limited]);
  const frames: StatsFrame[] = [];
  for await (const frame of stats.stream({ intervalMs: 1, signal: stop.signal })) {
    frames.push(frame);
    tick(2000);
    writeFileSync(join(tree, 'limited/cpu.stat'), 'usage_usec 5866914\nnr_periods 188\nnr_throttled 165\n');
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
  assert.equal(second.cpuPercentOfHost.toFixed(4), '50.0000'); // it has one core
  assert.equal(second.throttledShare, 0.5);
  assert.equal(frames[2]?.containers.size, 0);
  assert.equal(openFiles(), before);
});

test('a container that starts anew at the same path is read anew', async t => {
  const { stats, set, tree } = service(t, 'v2');
  const stop = new AbortController();
  set([limited]);
  rmSync(join(tree, 'limited'), { recursive: true });
  const usages: (number | undefined)[] = [];
  for await (const frame of stats.stream({ intervalMs: 1, signal: stop.signal })) {
    usages.push(frame.containers.get('c1')?.sample.cpu.usageSeconds);
    cpSync(resolve(fixtures, 'v2/cgroup'), tree, { recursive: true });
    if (usages.length === 2) stop.abort();
  }
  assert.deepEqual(usages, [undefined, 4.866914]);
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
  cpSync(join(fixtures, version === 'v2' ? 'v2/cgroup' : version), tree, { recursive: true });
  cpSync(join(fixtures, version === 'v2' ? 'v2/proc' : 'proc'), proc, { recursive: true });
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
