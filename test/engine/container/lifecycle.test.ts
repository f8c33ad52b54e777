import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerSpec } from '../../../src/engine/container/index.ts';
import { findExecutable, mountsBelow } from '../../../src/engine/kernel/index.ts';
import { cgroupFolder } from '../../../src/engine/runtime/index.ts';
import { cannotRunContainers } from '../../support/busybox-rootfs.ts';
import { makeRoot, openTestEngine, removeRoot, type TestEngine } from '../../support/test-engine.ts';
import { untilSame } from '../../support/until-same.ts';

for (const name of ['crun', 'runc'] as const) {
  const path = findExecutable(name);
  const skip = cannotRunContainers || (path === undefined && `needs ${name}`);
  describe(`containers with ${name}`, { skip }, () => lifecycle({ name, path: path ?? '' }));
}

function lifecycle(runtime: { name: 'crun' | 'runc'; path: string }) {
  const root = makeRoot();
  let engine: TestEngine;
  const opening = openTestEngine(root, { runtime }).then(opened => {
    engine = opened;
  });
  after(async () => {
    await opening;
    for (const { id } of engine.containers.list({ all: true }))
      await engine.containers.remove(id, { force: true });
    await engine[Symbol.asyncDispose]();
    assert.deepEqual(engine.failures, []);
    assert.deepEqual(mountsBelow(root.runDir), []);
    assert.deepEqual(removeRoot(root), []);
  });

  const create = async (command: string[], more: Partial<ContainerSpec> = {}) => {
    await opening;
    return await engine.containers.create({ image: 'busybox', network: 'none', command, ...more });
  };
  const runToEnd = async (command: string[], more: Partial<ContainerSpec> = {}) => {
    const { id } = await create(command, more);
    await engine.containers.start(id);
    return { id, code: await engine.containers.wait(id) };
  };
  const logOf = async (id: string) => {
    let text = '';
    for await (const { line, stream } of engine.containers.logs(id)) text += `${stream}:${line}\n`;
    return text;
  };

  test('are removed by force also while somebody starts them', async () => {
    for (let pause = 0; pause <= 60; pause += 12) {
      const { id } = await create(['sleep', '100']);
      const starting = engine.containers.start(id).catch(() => {}); // it may be gone before it has begun
      await sleep(pause);
      await engine.containers.remove(id, { force: true });
      await starting;
      assert.ok(!engine.containers.list({ all: true }).some(one => one.id === id), `after ${pause} ms`);
    }
  });

  test('run to their end with exit code, log and nothing left', async () => {
    const { id, code } = await runToEnd(['sh', '-c', 'echo out; echo err >&2; exit 42']);
    assert.equal(code, 42);
    const { state } = engine.containers.inspect(id);
    assert.equal(state.status, 'exited');
    assert.equal(state.exitCode, 42);
    assert.equal(await logOf(id), 'stdout:out\nstderr:err\n');
    assert.ok(!existsSync(join(root.runDir, 'containers', id)));
    assert.ok(!existsSync(cgroupFolder(`/plimsoll-${root.id}/${id}`, 'memory')));
    await engine.containers.remove(id);
    assert.throws(() => engine.containers.inspect(id), { code: 'CONTAINER_NOT_FOUND' });
    assert.ok(!existsSync(join(root.dataDir, 'containers', id)));
  });

  test('can be started again, and their log goes on', async () => {
    const { id } = await runToEnd(['sh', '-c', 'echo again']);
    await engine.containers.start(id);
    assert.equal(await engine.containers.wait(id), 0);
    assert.equal(await logOf(id), 'stdout:again\nstdout:again\n');
  });

  test('that end by a signal have 128 and its number as exit code', async () => {
    const { id } = await create(['sleep', '100']);
    await engine.containers.start(id);
    await engine.containers.kill(id);
    assert.equal(await engine.containers.wait(id), 137);
  });

  test('that fail to start leave nothing and say why', async () => {
    const missing = await create(['/no/such/thing']);
    await assert.rejects(engine.containers.start(missing.id), { code: 'COMMAND_NOT_FOUND' });
    const { state } = engine.containers.inspect(missing.id);
    assert.equal(state.status, 'created');
    assert.equal(state.exitCode, 127);
    const denied = await create(['/etc/passwd']);
    await assert.rejects(engine.containers.start(denied.id), { code: 'COMMAND_NOT_EXECUTABLE' });
    for (const { id } of [missing, denied]) assert.ok(!existsSync(join(root.runDir, 'containers', id)));
    assert.deepEqual(mountsBelow(root.runDir), []);
  });

  test('have names of their own', async () => {
    const { id } = await create(['true'], { name: 'keel' });
    await assert.rejects(create(['true'], { name: 'keel' }), { code: 'NAME_IN_USE', kind: 'conflict' });
    await assert.rejects(create(['true'], { name: '-bad' }), { code: 'NAME_INVALID' });
    assert.equal(engine.containers.inspect('keel').id, id);
    assert.equal(engine.containers.inspect(id.slice(0, 8)).id, id);
    await engine.containers.rename('keel', 'hull');
    assert.equal(engine.containers.inspect('hull').id, id);
    assert.match((await create(['true'])).name, /^[a-z]+_[a-z]+\d*$/);
  });

  test('stop with their signal, else are killed after the grace', async () => {
    const polite = await create(['sh', '-c', 'trap "exit 3" TERM; echo up; while :; do sleep 0.05; done']);
    await engine.containers.start(polite.id);
    while ((await logOf(polite.id)) === '') await sleep(10);
    await engine.containers.stop(polite.id);
    assert.equal(engine.containers.inspect(polite.id).state.exitCode, 3);
    const stubborn = await create(['sleep', '100']);
    await engine.containers.start(stubborn.id);
    await engine.containers.stop(stubborn.id, { timeoutSeconds: 0 });
    assert.equal(engine.containers.inspect(stubborn.id).state.exitCode, 137);
    await engine.containers.stop(stubborn.id);
  });

  test('pause and go on', async () => {
    const { id } = await create(['sh', '-c', 'while :; do echo x; sleep 0.01; done']);
    await engine.containers.start(id);
    await engine.containers.pause(id);
    assert.equal(engine.containers.inspect(id).state.status, 'paused');
    const before = await untilSame(async () => (await logOf(id)).length, 100); // what was under way comes yet
    await assert.rejects(engine.containers.exec(id, { command: ['true'] }), { code: 'CONTAINER_STATE' });
    await engine.containers.unpause(id);
    while ((await logOf(id)).length === before) await sleep(10);
    await engine.containers.pause(id);
    await engine.containers.stop(id, { timeoutSeconds: 0 });
    assert.equal(engine.containers.inspect(id).state.status, 'exited');
  });

  test('have their limits in the cgroup, also changed ones', async () => {
    const limits = { memoryBytes: 64 * 1024 * 1024, cpus: 0.5, pids: 20 };
    const { id } = await create(['sleep', '100'], { limits });
    await engine.containers.start(id);
    const read = (controller: string, v1: string, v2: string) => {
      const folder = cgroupFolder(`/plimsoll-${root.id}/${id}`, controller);
      return readFileSync(join(folder, existsSync(join(folder, v1)) ? v1 : v2), 'utf8').trim();
    };
    assert.equal(read('memory', 'memory.limit_in_bytes', 'memory.max'), String(limits.memoryBytes));
    assert.equal(read('pids', 'pids.max', 'pids.max'), '20');
    assert.equal(read('cpu', 'cpu.cfs_quota_us', 'cpu.max').split(' ')[0], '50000');
    await engine.containers.update(id, { limits: { cpus: 1, memoryBytes: 128 * 1024 * 1024 } });
    assert.equal(read('cpu', 'cpu.cfs_quota_us', 'cpu.max').split(' ')[0], '100000');
    assert.equal(read('memory', 'memory.limit_in_bytes', 'memory.max'), String(128 * 1024 * 1024));
    assert.equal(engine.containers.inspect(id).limits.pids, 20);
    await engine.containers.remove(id, { force: true });
  });

  test('that the kernel kills for lack of memory are marked', async () => {
    const { id, code } = await runToEnd(['sh', '-c', 'dd if=/dev/zero of=/dev/null bs=200M count=1'], {
      limits: { memoryBytes: 8 * 1024 * 1024 },
    });
    assert.notEqual(code, 0);
    assert.equal(engine.containers.inspect(id).state.oomKilled, true);
    const actions = engine.events.list({ filter: { actors: [id] } }).map(event => event.action);
    assert.deepEqual(actions, ['create', 'start', 'oom', 'die']);
  });

  test('run further commands', async () => {
    const { id } = await create(['sleep', '100'], { env: ['GREETING=ahoy'] });
    await engine.containers.start(id);
    const greet = await engine.containers.exec(id, {
      command: ['sh', '-c', 'echo $GREETING $MORE; echo e >&2; pwd; exit 5'],
      env: ['MORE=1'],
      workdir: '/tmp',
    });
    assert.equal(greet.stdout.toString(), 'ahoy 1\n/tmp\n');
    assert.equal(greet.stderr.toString(), 'e\n');
    assert.equal(greet.exitCode, 5);
    const who = await engine.containers.exec(id, {
      command: ['sh', '-c', 'id -u; id -G; echo $HOME'],
      user: 'sailor',
    });
    assert.equal(who.stdout.toString(), '1000\n100 200\n/home/sailor\n');
    await assert.rejects(engine.containers.exec(id, { command: ['nope'] }), { code: 'COMMAND_NOT_FOUND' });
    await assert.rejects(engine.containers.exec(id, { command: ['/etc/passwd'] }), {
      code: 'COMMAND_NOT_EXECUTABLE',
    });
    assert.ok(engine.containers.top(id).some(({ command }) => command === 'sleep 100'));
    const abort = new AbortController();
    const long = engine.containers.exec(id, { command: ['sleep', '50'], signal: abort.signal });
    while (!engine.containers.top(id).some(({ command }) => command === 'sleep 50')) await sleep(5);
    abort.abort();
    await assert.rejects(long, { kind: 'cancelled' });
    while (engine.containers.top(id).some(({ command }) => command === 'sleep 50')) await sleep(5);
    await engine.containers.remove(id, { force: true });
  });

  test('give all that a command writes to a terminal, however fast it ends', async () => {
    const { id } = await create(['sleep', '100']);
    await engine.containers.start(id);
    const talk = { command: ['sh', '-c', 'seq 1 300; exit 3'], tty: true };
    const expected = Array.from({ length: 300 }, (_, i) => `${i + 1}\n`).join('');
    for (let turn = 0; turn < 10; turn++) {
      const some = await Promise.all([1, 2, 3, 4].map(() => engine.containers.exec(id, talk)));
      for (const { exitCode, stdout } of some) {
        // runc ends a line by two carriage returns where the command was faster than its setting of the terminal
        assert.deepEqual([exitCode, String(stdout).replaceAll('\r', '')], [3, expected]);
      }
    }
    await engine.containers.remove(id, { force: true });
  });

  test('with --rm are gone after their end', async () => {
    const { id, code } = await runToEnd(['sh', '-c', 'exit 9'], { autoRemove: true });
    assert.equal(code, 9);
    assert.throws(() => engine.containers.inspect(id), { code: 'CONTAINER_NOT_FOUND' });
    assert.ok(!existsSync(join(root.dataDir, 'containers', id)));
  });

  test('are restarted as their policy says', async () => {
    const { id } = await create(['sh', '-c', 'echo run; exit 1'], {
      restart: { name: 'on-failure', maximumRetries: 2 },
    });
    await engine.containers.start(id);
    while (engine.containers.inspect(id).state.status !== 'exited') await sleep(20);
    const { state } = engine.containers.inspect(id);
    assert.equal(state.restartCount, 2);
    assert.equal(await logOf(id), 'stdout:run\n'.repeat(3));
    const always = await create(['true'], { restart: { name: 'always' } });
    await engine.containers.start(always.id);
    while (engine.containers.inspect(always.id).state.restartCount < 1) await sleep(20);
    await engine.containers.stop(always.id);
    await sleep(300);
    assert.equal(engine.containers.inspect(always.id).state.status, 'exited');
  });

  test('are left as they are by a machine that goes down, for after the boot', async () => {
    const { id } = await create(['sh', '-c', 'echo run'], { restart: { name: 'always' } });
    engine.machine.goesDown = true;
    await engine.containers.start(id);
    await sleep(500);
    const { state } = engine.containers.inspect(id);
    assert.deepEqual([state.status, state.restartCount], ['running', 0]);
    engine.machine.goesDown = false;
    while (engine.containers.inspect(id).state.restartCount < 1) await sleep(20);
    await engine.containers.stop(id);
  });

  test('give an empty volume what the image has at its target', async () => {
    const mounts = [{ type: 'volume', name: 'cargo', target: '/etc', readOnly: false }] as const;
    const { code } = await runToEnd(['sh', '-c', 'grep -q sailor /etc/passwd || cat /etc/passwd'], {
      mounts,
    });
    assert.equal(code, 0);
    assert.match(readFileSync(join(root.dataDir, 'volumes/cargo/passwd'), 'utf8'), /sailor/);
  });

  test('take input and give output through an attachment', async () => {
    const { id } = await create(['cat'], { openStdin: true });
    await engine.containers.start(id);
    await using attachment = await engine.containers.attach(id);
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { stream, data } of attachment.output) seen.push(`${stream}:${data}`);
    })();
    await attachment.write(Buffer.from('ahoy\n'));
    while (seen.length === 0) await sleep(5);
    attachment.endInput();
    assert.equal(await engine.containers.wait(id), 0);
    await reading;
    assert.deepEqual(seen, ['stdout:ahoy\n']);
  });

  test('with a terminal know its size, and changes of it', async () => {
    const { id } = await create(
      // The first size may come before or after it begins to listen; the trap is set before it says anything.
      [
        'sh',
        '-c',
        `trap 'stty size; [ "$(stty size)" != "24 80" ] || exit 0' WINCH; stty size; while :; do sleep 0.02; done`,
      ],
      { tty: true, openStdin: true },
    );
    await engine.containers.start(id, { terminalSize: { columns: 100, rows: 30 } });
    await using attachment = await engine.containers.attach(id);
    while (!(await logOf(id)).includes('30 100')) await sleep(10);
    attachment.resize({ columns: 80, rows: 24 });
    assert.equal(await engine.containers.wait(id), 0);
    assert.match(await logOf(id), /24 80/);
  });
}
