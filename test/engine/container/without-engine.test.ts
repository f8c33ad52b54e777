import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ContainerSpec, createEngine, type Engine, resolveRoot } from '../../../src/engine/index.ts';
import { mountsBelow, start } from '../../../src/engine/kernel/index.ts';
import { Database } from '../../../src/engine/store/index.ts';
import { cannotRunContainers } from '../../support/busybox-rootfs.ts';

const fixture = join(import.meta.dirname, 'plimsoll.fixture.ts');

describe('containers without a living engine', { skip: cannotRunContainers }, () => {
  const root = resolveRoot({ root: mkdtempSync('/var/tmp/plt-'), env: {}, uid: 0 });
  const self = [process.execPath, fixture, root.dataDir];
  let engine: Engine;

  before(async () => {
    engine = await createEngine({ root, self });
    await engine.images.bootstrap({ source: 'busybox' });
  });
  after(async () => {
    for (const { id } of engine.containers.list({ all: true }))
      await engine.containers.remove(id, { force: true });
    const problems = await engine.system.check();
    await engine[Symbol.asyncDispose]();
    const left = mountsBelow(root.runDir);
    for (const folder of [root.runDir, root.dataDir]) rmSync(folder, { recursive: true, force: true });
    assert.deepEqual(problems, []);
    assert.deepEqual(left, []);
  });

  const create = async (script: string, more: Partial<ContainerSpec> = {}) => {
    const spec = { image: 'busybox', network: 'none', command: ['sh', '-c', script], ...more };
    return (await engine.containers.create(spec)).id;
  };
  /** Starts it in a process of its own; `hold`: that stays, to be killed. */
  const startElsewhere = async (id: string, hold = false) => {
    const args = [fixture, root.dataDir, 'start', id, ...(hold ? ['hold'] : [])];
    const child = start(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout as Readable, 'data');
    return child;
  };
  const ended = async (id: string) => {
    while (engine.containers.inspect(id).state.status !== 'exited') await sleep(20);
    return engine.containers.inspect(id).state;
  };
  const lines = async (id: string) => {
    const found: string[] = [];
    for await (const { line } of engine.containers.logs(id)) found.push(line.toString());
    return found;
  };

  test('run on when the process that started them is killed; log, state and exit code are whole (pain 1)', async () => {
    const id = await create('for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.05; done; exit 42');
    const starter = await startElsewhere(id, true);
    starter.kill('SIGKILL');
    await once(starter, 'exit');
    assert.equal(engine.containers.inspect(id).state.status, 'running');
    const state = await ended(id);
    assert.equal(state.exitCode, 42);
    assert.deepEqual(await lines(id), ['1', '2', '3', '4', '5', '6', '7', '8']);
    while (existsSync(join(root.runDir, 'containers', id))) await sleep(20); // its files go after the record, elsewhere
  });

  test('are settled and restarted by their monitor alone', async () => {
    const id = await create('echo run; exit 1', { restart: { name: 'on-failure', maximumRetries: 2 } });
    const starter = await startElsewhere(id);
    await once(starter, 'exit');
    const state = await ended(id);
    assert.equal(state.restartCount, 2);
    assert.deepEqual(await lines(id), ['run', 'run', 'run']);
  });

  test('with --rm are removed by their monitor alone', async () => {
    const id = await create('sleep 0.3', { autoRemove: true });
    await once(await startElsewhere(id), 'exit');
    while (
      existsSync(join(root.dataDir, 'containers', id)) ||
      existsSync(join(root.runDir, 'containers', id))
    ) {
      await sleep(20);
    }
    while (engine.containers.list({ all: true }).some(container => container.id === id)) await sleep(20);
  });

  test('whose monitor was killed are found, with an unknown exit code, by the next engine', async () => {
    const id = await create('sleep 100');
    await once(await startElsewhere(id), 'exit');
    const { process: init, monitor } = engine.containers.inspect(id).state;
    process.kill(monitor?.pid ?? 0, 'SIGKILL');
    process.kill(init?.pid ?? 0, 'SIGKILL');
    await using next = await createEngine({ root, self });
    while (next.containers.inspect(id).state.status === 'running') {
      await sleep(20);
      await using again = await createEngine({ root, self });
      assert.ok(again);
    }
    const { state } = next.containers.inspect(id);
    assert.equal(state.exitUnknown, true);
    assert.equal(await next.containers.wait(id), -1);
  });

  test('whose monitor was killed come up again with no plimsoll running, as their policy says (pain 17)', async () => {
    const id = await create('sleep 100', { name: 'orphan', restart: { name: 'always' } });
    await once(await startElsewhere(id), 'exit');
    const { process: init, monitor } = engine.containers.inspect(id).state;
    process.kill(monitor?.pid ?? 0, 'SIGKILL');
    process.kill(init?.pid ?? 0, 'SIGKILL');
    const state = () => engine.containers.inspect(id).state;
    while (state().process?.pid === init?.pid || state().status !== 'running') await sleep(50); // the keeper looks every 5 s
    assert.equal(state().restartCount, 1);
    await engine.containers.remove(id, { force: true });
  });

  test('that a reboot ended come up again as their policy says, the others as ended (pain 17)', async () => {
    const policies = { always: 'always', plain: 'no' } as const;
    for (const [name, policy] of Object.entries(policies)) {
      await create('sleep 100', { name, restart: { name: policy } });
      await once(await startElsewhere(name), 'exit');
      const { process: init, monitor } = engine.containers.inspect(name).state;
      process.kill(monitor?.pid ?? 0, 'SIGKILL'); // no exit command, as in a power cut
      process.kill(init?.pid ?? 0, 'SIGKILL');
    }
    using db = Database.open(join(root.dataDir, 'plimsoll.db'));
    db.run(
      `UPDATE containers SET state = json_set(state, '$.bootId', 'another') WHERE name IN ('always', 'plain')`,
    );
    writeFileSync(join(root.runDir, 'boot-id'), 'another');
    await using next = await createEngine({ root, self });
    const [always, plain] = ['always', 'plain'].map(name => next.containers.inspect(name).state);
    assert.equal(always?.status, 'running');
    assert.equal(plain?.status, 'exited');
    assert.equal(plain?.exitUnknown, true);
    await next.containers.remove('always', { force: true });
  });

  test('that a killed process was copying files of leave no mount to the next engine', async () => {
    const id = await create('true', {
      mounts: [{ type: 'volume', name: 'v', target: '/v', readOnly: false }],
    });
    const reader = start(process.execPath, [fixture, root.dataDir, 'read', id, '/'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(reader.stdout as Readable, 'data');
    assert.equal(mountsBelow(root.runDir).length, 1, 'only what is mounted into the image, never a volume');
    await assert.rejects(engine.containers.start(id, { signal: AbortSignal.timeout(50) }), {
      kind: 'cancelled',
    });
    reader.kill('SIGKILL');
    await once(reader, 'exit');
    await using next = await createEngine({ root, self });
    assert.deepEqual(mountsBelow(root.runDir), []);
    assert.deepEqual(await next.system.check(), []);
    await next.containers.remove(id, { volumes: true });
    await next.volumes.remove('v');
  });

  test('take content along that a killed process had no time to record', async () => {
    const file = join(root.dataDir, 'blobs/sha256', 'e'.repeat(64));
    writeFileSync(file, 'of a pull that was killed');
    {
      using db = Database.open(join(root.dataDir, 'plimsoll.db'));
      db.run("INSERT INTO leases VALUES ('dead', 'pull', 'it', 1, 12345, 'another boot', 0)");
    }
    await using next = await createEngine({ root, self });
    assert.ok(!existsSync(file));
    assert.deepEqual(await next.system.check(), []);
  });

  test('that a killed process had half started are cleared away by the next engine (pain 16)', async () => {
    const id = await create('sleep 100', { network: 'bridge' });
    for (const ms of [0, 20, 40, 80]) {
      const args = [fixture, root.dataDir, 'start', id];
      const child = start(process.execPath, args, { stdio: 'ignore' });
      while (!existsSync(join(root.runDir, 'containers', id)) && child.exitCode === null) await sleep(2);
      await sleep(ms);
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      // A mount(8) or crun that the killed one had started may end after the first look.
      for (let clean = false; !clean; ) {
        await using next = await createEngine({ root, self });
        const { status } = next.containers.inspect(id).state;
        if (status === 'running') await next.containers.stop(id, { timeoutSeconds: 0 });
        clean = mountsBelow(root.runDir).length === 0 && (await next.system.check()).length === 0;
      }
    }
  });
});
