import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEngine, type Engine } from '../../../src/engine/index.ts';
import type { StatsFrame } from '../../../src/engine/stats/index.ts';
import { verify } from '../../../src/engine/stats/verify.ts';
import { noEngine, rootOfOwn } from '../../support/root-of-own.ts';

const MiB = 1024 ** 2;

/**
 * Loads of known size. What is asserted is what the kernel counted, so that a busy machine changes nothing: a figure
 * lies between two readings of the kernel's counters, and memory that was touched is there.
 */
test('figures of real containers are those of the kernel, and of what they were told to use', {
  skip: noEngine,
}, async () => {
  await using own = await rootOfOwn();
  await using engine = await createEngine({ root: own.root });
  const half = await start(engine, 'half', 'while :; do :; done', { cpus: 0.5 });
  const touched = await start(engine, 'touched', 'dd if=/dev/zero bs=512M count=1 2>/dev/null | sleep 1000');
  const cached = await start(
    engine,
    'cached',
    'dd if=/dev/zero of=/f bs=1M count=128 2>/dev/null; cat /f >/dev/null; echo done; sleep 1000',
  );
  await hasPrinted(engine, 'cached', 'done');
  while ((await usageOf(engine, touched)).memory.anonBytes < 512 * MiB) await sleep(50);
  const { frame, checks } = await engine.stats.verify({ intervalMs: 1000 });
  assert.deepEqual(
    checks.filter(({ isRight }) => !isRight),
    [],
  );
  for (const id of [half, touched, cached]) {
    const own = checks.filter(({ figure }) => figure === id);
    assert.deepEqual(
      own.map(({ unit }) => unit),
      ['cores', 'bytes'],
    );
    const [cpu, memory] = own;
    assert.ok(Math.abs(cpu?.difference ?? 1) < 1e-4, 'CPU time lies between two readings of it');
    assert.equal(cpu?.shown, frame.containers.get(id)?.cpuCores);
    assert.equal(memory?.shown, frame.containers.get(id)?.memory.workingSetBytes);
  }
  assert.equal(checks.filter(({ figure }) => figure === 'containers together').length, 1);
  assert.ok((frame.containers.get(half)?.cpuCores ?? 0) > 0);
  assert.ok((frame.containers.get(half)?.sample.cpu.periods ?? 0) > 0, 'the limit is what holds it');

  const held = frame.containers.get(touched)?.memory;
  assert.ok(
    held && held.workingSetBytes >= 512 * MiB && held.workingSetBytes < 512 * MiB * 1.02,
    `${held?.workingSetBytes}`,
  );
  assert.ok((held.peakBytes ?? held.usageBytes) >= held.workingSetBytes);
  const files = frame.containers.get(cached)?.memory;
  assert.ok(
    files && files.fileBytes >= 128 * MiB && files.fileBytes < 128 * MiB * 1.02,
    `${files?.fileBytes}`,
  );
  assert.ok(files.anonBytes < 8 * MiB, 'cache is told apart from what a process holds');
  assert.ok(files.workingSetBytes <= files.usageBytes);
});

test('verify() tells a wrong figure from a right one, whatever the counters do meanwhile', async t => {
  const machine = made(t);
  const lies = { cores: 2, containers: { a: 0.5, b: 0.25 }, memory: 100 * MiB };
  const right = await machine.verify(lies);
  assert.deepEqual(
    right.filter(({ isRight }) => !isRight),
    [],
  );
  assert.equal(right.length, 4 + 4 + 1);
  const wrongOf = async (change: object) =>
    (await machine.verify({ ...lies, ...change }))
      .filter(({ isRight }) => !isRight)
      .map(({ figure, unit }) => `${figure} ${unit}`);
  assert.deepEqual(await wrongOf({ containers: { a: 0.52, b: 0.25 } }), [
    'a cores',
    'containers together cores',
  ]);
  assert.deepEqual(await wrongOf({ containers: { a: 0.5, b: 0 } }), ['b cores', 'containers together cores']);
  assert.deepEqual(await wrongOf({ memory: 103 * MiB }), ['a bytes', 'b bytes']);
  assert.deepEqual(await wrongOf({ cores: 4 }), ['cores of the machine cores']);
  assert.deepEqual(await wrongOf({ whoGoes: 0.3 }), [], 'what has gone takes along what it used');
});

/** A made-up cgroup v2 tree, whose containers use 0.5 and 0.25 cores, and what else is in it 1 core, in each second. */
function made(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-verify-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const write = (path: string, text: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const tick = (second: number, whoGoes = 0) => {
    if (whoGoes > 0 && second === 0) write('cgroup/ours/gone/cpu.stat', 'user_usec 0\nsystem_usec 0\n');
    else rmSync(join(folder, 'cgroup/ours/gone'), { recursive: true, force: true });
    const cpu = (path: string, cores: number) =>
      write(`cgroup/${path}/cpu.stat`, `usage_usec 1\nuser_usec ${second * cores * 1e6}\nsystem_usec 0\n`);
    for (const [path, cores] of [
      ['', 1.75 + whoGoes],
      ['ours', 1.75 + whoGoes],
      ['ours/monitors', 1],
      ['ours/a', 0.5],
      ['ours/b', 0.25],
    ] as const)
      cpu(path, cores);
    for (const name of ['a', 'b']) {
      write(`cgroup/ours/${name}/memory.current`, `${120 * MiB}\n`);
      write(`cgroup/ours/${name}/memory.stat`, `anon 5\ninactive_file ${20 * MiB}\nactive_file 7\n`);
    }
  };
  write('proc/meminfo', 'MemTotal:  4096 kB\nMemAvailable:  1024 kB\n');
  write('proc/stat', 'cpu  1 2\ncpu0 1 1\ncpu1 0 1\nintr 5\n');
  return {
    verify: async (lies: {
      cores: number;
      containers: Record<string, number>;
      memory: number;
      whoGoes?: number;
    }) => {
      let second = 0;
      tick(second, lies.whoGoes);
      const frame = () => {
        const time = second * 1000;
        const usages = Object.entries(lies.containers).map(
          ([id, cpuCores]) => [id, { id, time, cpuCores, memory: { workingSetBytes: lies.memory } }] as const,
        );
        const host = {
          time,
          cores: lies.cores,
          cpuCores: 1.75 + (lies.whoGoes ?? 0),
          memoryTotalBytes: 4 * MiB,
          memoryUsedBytes: 3 * MiB,
        };
        return { host, containers: new Map(usages) } as unknown as StatsFrame;
      };
      const checked = verify({
        ...{ frame, proc: join(folder, 'proc'), intervalMs: 20 },
        cgroups: { version: 'v2', v1: {}, v2: join(folder, 'cgroup') },
        cgroupPaths: new Map([
          ['a', 'ours/a'],
          ['b', 'ours/b'],
        ]),
      });
      second = 1; // between the first frame, which is taken at once, and the second
      tick(second, lies.whoGoes);
      return (await checked).checks;
    },
  };
}

async function start(engine: Engine, name: string, script: string, limits = {}): Promise<string> {
  const command = ['sh', '-c', script];
  const { id } = await engine.containers.create({ image: 'busybox', name, command, network: 'none', limits });
  await engine.containers.start(id);
  return id;
}

async function hasPrinted(engine: Engine, name: string, line: string): Promise<void> {
  for await (const entry of engine.containers.logs(name, { follow: true }))
    if (entry.line.toString() === line) return;
}

async function usageOf(engine: Engine, id: string) {
  const usage = (await engine.stats.once({ intervalMs: 10 })).containers.get(id);
  assert.ok(usage);
  return usage;
}
