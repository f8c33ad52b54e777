import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ContainerSpec, createEngine, type Engine, resolveRoot } from '../../../../src/engine/index.ts';
import { mountsBelow, start } from '../../../../src/engine/kernel/index.ts';
import { cannotRunContainers } from '../../../support/busybox-rootfs.ts';
import { untilSame } from '../../../support/until-same.ts';

const fixture = join(import.meta.dirname, '../plimsoll.fixture.ts');

describe('health checks', { skip: cannotRunContainers }, () => {
  const root = resolveRoot({ root: mkdtempSync('/var/tmp/plt-'), env: {}, uid: 0 });
  const self = [process.execPath, fixture, root.dataDir];
  const keeperFile = join(root.runDir, 'keeper/pid');
  let engine: Engine;

  before(async () => {
    engine = await createEngine({ root, self });
    await engine.images.bootstrap({ source: 'busybox' });
  });
  // What a failed test leaves would keep the keeper, and with it the others, waiting.
  afterEach(async () => {
    for (const { id } of engine.containers.list({ all: true })) await remove(id);
  });
  after(async () => {
    const problems = await engine.system.check();
    await engine[Symbol.asyncDispose]();
    const left = mountsBelow(root.runDir);
    while (existsSync(keeperFile)) await sleep(20);
    for (const folder of [root.runDir, root.dataDir]) rmSync(folder, { recursive: true, force: true });
    assert.deepEqual(problems, []);
    assert.deepEqual(left, []);
  });

  type Check = NonNullable<ContainerSpec['health']>;
  const quick = { intervalMs: 50, timeoutMs: 20_000, retries: 2 };
  const run = async (health: Check, more: Partial<ContainerSpec> = {}) => {
    const command = ['sleep', '1000'];
    const spec = { image: 'busybox', network: 'none', command, health: { ...quick, ...health }, ...more };
    const { id } = await engine.containers.create(spec);
    await engine.containers.start(id);
    return id;
  };
  const health = (id: string) => engine.containers.inspect(id).state.health;
  const becomes = async (id: string, status: string) => {
    while (health(id)?.status !== status) await sleep(10);
  };
  const inside = (id: string, script: string) =>
    engine.containers.exec(id, { command: ['sh', '-c', script] });
  const events = (id: string) =>
    engine.events
      .list({ filter: { types: ['container'], actors: [id] } })
      .map(({ action }) => String(action))
      .filter(action => /^(health_status|die|start|kill|stop|restart)/.test(action));
  const remove = (id: string) => engine.containers.remove(id, { force: true });
  /** What a probe prints may come a moment after its exit code, and piece by piece. */
  const prints = async (id: string, wanted: string | RegExp) => {
    const isIt = (output = '') => (typeof wanted === 'string' ? output === wanted : wanted.test(output));
    for (;;) {
      const log = health(id)?.log ?? [];
      if (isIt(log.at(-1)?.output)) return log;
      await sleep(10);
    }
  };
  const keeperPid = () => Number(readFileSync(keeperFile, 'utf8').split(' ')[0]);

  test('go from starting to healthy to unhealthy and back, each announced once', async () => {
    const id = await run(
      { command: 'echo looked; test -e /ok' },
      { command: ['sh', '-c', 'touch /ok; sleep 1000'] },
    );
    assert.match(health(id)?.status ?? '', /^(starting|healthy)$/);
    await becomes(id, 'healthy');
    assert.equal(health(id)?.failingStreak, 0);
    await inside(id, 'rm /ok');
    await becomes(id, 'unhealthy');
    assert.ok((health(id)?.failingStreak ?? 0) >= 2);
    await inside(id, 'touch /ok');
    await becomes(id, 'healthy');
    const wanted = ['start', 'health_status: healthy', 'health_status: unhealthy', 'health_status: healthy'];
    while (events(id).length < wanted.length) await sleep(10);
    assert.deepEqual(events(id), wanted);
    const last = (await prints(id, 'looked\n')).at(-1);
    assert.equal(last?.exitCode, 0);
    assert.ok((last?.end ?? 0) >= (last?.start ?? 0));
    assert.ok(Math.abs((last?.end ?? 0) - Date.now()) < 60_000, 'the time of day');
    await remove(id);
  });

  test('go on for who comes the moment after the last one has left', { timeout: 60_000 }, async () => {
    const first = await run({ command: 'true', intervalMs: 3_600_000 });
    while (!existsSync(keeperFile)) await sleep(1);
    await remove(first);
    while (existsSync(keeperFile)) await sleep(1);
    const second = await run({ command: 'true' });
    await becomes(second, 'healthy');
    await remove(second);
  });

  test('keep the last five results, and of each at most 4096 bytes', async () => {
    const id = await run({
      command: 'n=$(cat /n); echo $((n+1)) > /n; echo $n; yes | head -c 200000; exit 3',
    });
    while (Number((await inside(id, 'cat /n')).stdout) < 8) await sleep(10);
    const log = await prints(id, /^\d+\ny/);
    assert.equal(log.length, 5);
    for (const { output, exitCode } of log) {
      assert.equal(exitCode, 3);
      assert.ok(Buffer.byteLength(output) <= 4096);
    }
    // The oldest one's room is used again while they are read, if that takes long.
    const follow = (numbers: readonly number[]) => numbers.every((each, i) => each === (numbers[0] ?? 0) + i);
    const read = () => (health(id)?.log ?? []).map(({ output }) => Number.parseInt(output, 10));
    while (!follow(read())) await sleep(10);
    await remove(id);
  });

  test('do not count failures in the start period, look at once where it ends well', async () => {
    const early = { startPeriodMs: 3_600_000, startIntervalMs: 20, intervalMs: 3_600_000 };
    const id = await run({ ...early, command: 'echo >> /looked; test -e /ok' });
    while (Number((await inside(id, 'wc -l < /looked')).stdout) < 5) await sleep(10);
    assert.deepEqual([health(id)?.status, health(id)?.failingStreak], ['starting', 0]);
    await inside(id, 'touch /ok');
    await becomes(id, 'healthy'); // by the start interval: the other is an hour
    await remove(id);
  });

  test('of the start period that are good make failures count', async () => {
    const id = await run({ startPeriodMs: 3_600_000, startIntervalMs: 20, command: 'test ! -e /bad' });
    await becomes(id, 'healthy');
    await inside(id, 'touch /bad');
    await becomes(id, 'unhealthy');
    await remove(id);
  });

  test('that take too long are killed, and are failures', async () => {
    const id = await run({ timeoutMs: 100, command: 'echo began; sleep 1234' });
    await becomes(id, 'unhealthy');
    const log = await prints(id, 'Health check exceeded timeout (0.1s): began\n');
    assert.equal(log.at(-1)?.exitCode, -1);
    await remove(id);
  });

  test('whose command is not there, or that are daemons, do not hold up the others', async () => {
    const missing = await run({ command: 'x' }, { health: { ...quick, command: '/nosuch/program' } });
    const daemon = await run({ command: 'sleep 1234 & echo back' });
    await becomes(daemon, 'healthy');
    await becomes(missing, 'unhealthy');
    await prints(missing, /nosuch/);
    await remove(missing);
    await remove(daemon);
  });

  test('run as the user, in the folder and with the variables of the container', async () => {
    const id = await run(
      { command: 'echo $(id -u) $(pwd) $A' },
      { user: '1000:7', workdir: '/tmp', env: ['A=b'] },
    );
    await becomes(id, 'healthy');
    await prints(id, '1000 /tmp b\n');
    await remove(id);
  });

  test('rest while the container is paused', async () => {
    const id = await run({ command: 'true' });
    await becomes(id, 'healthy');
    await engine.containers.pause(id);
    const log = join(root.runDir, 'containers', id, 'health/log');
    const before = await untilSame(() => readFileSync(log, 'utf8'), 1500); // one may have been under way
    await engine.containers.unpause(id);
    while (readFileSync(log, 'utf8') === before) await sleep(10);
    await remove(id);
  });

  test('begin anew with each run, and stay readable after the last', async () => {
    const id = await run({ command: 'test -e /ok' });
    await becomes(id, 'unhealthy');
    await inside(id, 'touch /ok');
    await becomes(id, 'healthy');
    await engine.containers.stop(id, { timeoutSeconds: 0 });
    assert.equal(health(id)?.status, 'healthy');
    assert.equal(health(id)?.log?.at(-1)?.exitCode, 0);
    await engine.containers.start(id);
    assert.ok((health(id)?.log?.length ?? 0) <= 1);
    await becomes(id, 'healthy');
    await remove(id);
  });

  test('are carried out with no plimsoll running, whatever killed it (pain 18 and 19)', async () => {
    const { id } = await engine.containers.create({
      image: 'busybox',
      network: 'none',
      command: ['sleep', '1000'],
      health: { ...quick, command: 'test -e /ok' },
    });
    const starter = start(process.execPath, [fixture, root.dataDir, 'start', id, 'hold'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(starter.stdout as Readable, 'data');
    starter.kill('SIGKILL');
    await once(starter, 'exit');
    while (!events(id).includes('health_status: unhealthy')) await sleep(20);
    await remove(id);
  });

  test('show "not checked" while nobody carries them out, and go on with the next call (pain 19)', async () => {
    const id = await run({ command: 'test -e /ok' });
    await becomes(id, 'unhealthy');
    await using looker = await createEngine({ root, reconcile: false }); // cannot start a keeper
    assert.equal(looker.containers.inspect(id).state.health?.status, 'unhealthy');
    process.kill(keeperPid(), 'SIGKILL');
    while (looker.containers.inspect(id).state.health?.status !== 'not-checked') await sleep(10);
    await inside(id, 'touch /ok');
    await using next = await createEngine({ root, self });
    while (next.containers.inspect(id).state.health?.status !== 'healthy') await sleep(10);
    assert.ok(
      (next.containers.inspect(id).state.health?.log?.length ?? 0) >= 3,
      'what was known is still known',
    );
    while (events(id).at(-1) !== 'health_status: healthy') await sleep(10);
    await remove(id);
  });

  test('go on with the end of any other container, by its monitor alone', async () => {
    const id = await run({ command: 'test -e /ok' });
    const other = await run(
      { command: '' },
      { command: ['sh', '-c', 'while [ ! -e /end ]; do sleep 0.05; done'] },
    );
    await engine[Symbol.asyncDispose](); // nobody is left that could bring it back
    const killed = keeperPid();
    process.kill(killed, 'SIGKILL');
    const looker = await createEngine({ root, reconcile: false });
    await looker.containers.exec(id, { command: ['touch', '/ok'] });
    await looker.containers.exec(other, { command: ['touch', '/end'] });
    while (looker.containers.inspect(id).state.health?.status !== 'healthy') await sleep(20);
    assert.notEqual(keeperPid(), killed);
    await looker[Symbol.asyncDispose]();
    engine = await createEngine({ root, self });
    await remove(id);
    await remove(other);
  });

  for (const onFailure of ['kill', 'restart', 'stop'] as const) {
    test(`${onFailure} a container that becomes unhealthy, if that is wanted (pain 18)`, async () => {
      const id = await run({ command: 'test ! -e /bad', onFailure }, { stopTimeoutSeconds: 0 });
      await becomes(id, 'healthy');
      await engine[Symbol.asyncDispose]();
      const looker = await createEngine({ root, reconcile: false });
      await looker.containers.exec(id, { command: ['touch', '/bad'] });
      const state = () => looker.containers.inspect(id).state;
      if (onFailure === 'restart') {
        while (state().restartCount === 0 || state().status !== 'running') await sleep(20);
        // It comes up with the same files, and the next failure restarts it again.
        while (state().restartCount < 2) await sleep(20);
      } else {
        while (state().status !== 'exited') await sleep(20);
        assert.equal(state().exitCode, 137);
        assert.equal(state().stoppedByUser ?? false, onFailure === 'stop');
        assert.equal(state().health?.status, 'unhealthy');
      }
      await looker[Symbol.asyncDispose]();
      engine = await createEngine({ root, self });
      await remove(id);
    });
  }

  test('that kill leave the rest to the restart policy, with its pause', async () => {
    const restart = { name: 'on-failure', maximumRetries: 1 } as const;
    const id = await run({ command: 'false', onFailure: 'kill', intervalMs: 20 }, { restart });
    while (engine.containers.inspect(id).state.status !== 'exited') await sleep(20);
    assert.equal(engine.containers.inspect(id).state.restartCount, 1);
    await remove(id);
  });

  test('of an image come from its HEALTHCHECK', async () => {
    const context = mkdtempSync('/var/tmp/plt-health-');
    writeFileSync(
      join(context, 'Dockerfile'),
      'FROM busybox\nHEALTHCHECK --interval=50ms --retries=1 CMD echo of the image; exit 1\nCMD sleep 1000\n',
    );
    await engine.builds.build({ context, tags: ['checked'] });
    rmSync(context, { recursive: true });
    const { id } = await engine.containers.create({ image: 'checked', network: 'none' });
    await engine.containers.start(id);
    await becomes(id, 'unhealthy');
    await prints(id, 'of the image\n');
    const { id: off } = await engine.containers.create({
      image: 'checked',
      network: 'none',
      health: { command: '' },
    });
    await engine.containers.start(off);
    assert.equal(health(off), undefined);
    await remove(id);
    await remove(off);
  });

  test('need one small process for all, which neither grows nor stays', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.push(await run({ command: 'echo >> /n', intervalMs: 10 }));
    const probes = async (id: string) => Number((await inside(id, 'wc -l < /n')).stdout);
    const measure = () => {
      const status = readFileSync(`/proc/${keeperPid()}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
    };
    while ((await probes(ids[0] ?? '')) < 10) await sleep(50);
    const before = measure();
    while ((await probes(ids[0] ?? '')) < 40) await sleep(100);
    assert.ok(measure() < before + 600, `${before} kB, then ${measure()} kB`);
    assert.ok(measure() < 4000, `${measure()} kB`);
    const children = readdirSync('/proc').filter(pid => /^\d+$/.test(pid) && parentOf(pid) === keeperPid());
    // Of the 240 processes so far; a shell notices the end of its children only now and then.
    assert.ok(children.length < 100, `${children.length} children`);
    for (const id of ids) await remove(id);
    while (existsSync(keeperFile)) await sleep(20);
  });
});

function parentOf(pid: string): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return 0;
  }
}
