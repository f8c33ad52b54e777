import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import { createEngine } from '../../src/engine/index.ts';
import { findExecutable } from '../../src/engine/kernel/index.ts';
import { noOrdinaryUser, openOrdinaryUser } from '../support/ordinary-user.ts';
import { noEngine, rootOfOwn } from '../support/root-of-own.ts';
import { untilSame } from '../support/until-same.ts';

const launcher = resolve(import.meta.dirname, '../../bin/plimsoll');
const support = resolve(import.meta.dirname, '../support');
const python = findExecutable('python3');
const skip = noEngine || (python === undefined ? 'needs python3' : false);
/** Names that are for the daemon alone. */
const forTheDaemon = /^(NOTIFY_SOCKET|WATCHDOG_USEC|WATCHDOG_PID|LISTEN_PID|LISTEN_FDS|LISTEN_FDNAMES)=/;

/** The system's: one that is root's own is not the user's to run. */
const systemPython = '/usr/bin/python3';
const noUserWithSocket = noOrdinaryUser() || (existsSync(systemPython) ? false : `needs ${systemPython}`);

test("an ordinary user's daemon goes into the user's namespaces with the socket that systemd has opened, and says that it is ready", {
  skip: noUserWithSocket,
}, async () => {
  using user = openOrdinaryUser();
  await using manager = await hearing(join(user.home, 'notify.sock'));
  chmodSync(join(user.home, 'notify.sock'), 0o777);
  const socket = join(user.home, 'held.sock');
  const [program = '', ...words] = [
    ...user.prefix,
    systemPython,
    join(user.launcher, '../../test/support/socket-holder.py'),
    socket,
    user.launcher,
    'daemon',
    '-H',
    'fd://',
  ];
  const holder = spawn(program, words, {
    cwd: user.home,
    env: { ...user.env, NOTIFY_SOCKET: join(user.home, 'notify.sock') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(holder, 'exit');
  try {
    const pid = Number(await once(holder.stdout, 'data'));
    await Promise.race([manager.until('READY=1'), gone.then(() => assert.fail('it has ended'))]);
    assert.equal(user.plimsoll('-H', `unix://${socket}`, 'ps', '-q'), '');
    assert.equal(
      readlinkSync(`/proc/${pid}/ns/user`),
      readlinkSync(`/proc/${user.holder()}/ns/user`),
      'the process that systemd has started, in the namespaces',
    );
  } finally {
    holder.kill('SIGTERM');
    await gone;
  }
});

test('what systemd tells the daemon is told to no monitor, container, command or step; a loop that hangs feeds no watchdog', {
  skip,
}, async t => {
  await using own = await rootOfOwn();
  const { root, folder } = own;
  await bootAgain(root);
  await using manager = await hearing(join(folder, 'notify.sock'));
  const socket = join(folder, 'held.sock');
  const command = [launcher, '--root', root.dataDir, 'daemon', '-H', 'fd://'];
  const holder = spawn(python ?? '', [join(support, 'socket-holder.py'), socket, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NOTIFY_SOCKET: join(folder, 'notify.sock'),
      WATCHDOG_USEC: '300000',
      LISTEN_FDNAMES: 'api',
      NODE_OPTIONS: '--inspect=127.0.0.1:0', // so that its loop can be made to hang,
    },
  });
  const said = linesOf(holder.stderr);
  const pid = Number(await once(holder.stdout, 'data'));
  try {
    await manager.until('READY=1');
    await manager.until('WATCHDOG=1');

    await t.test('children know nothing of it', async () => {
      writeFileSync(join(folder, 'Dockerfile'), 'FROM busybox\nRUN env >&2\n');
      const api = ['-H', `unix://${socket}`];
      const started = await plimsoll(...api, 'run', '-d', '--name', 'later', 'busybox', 'sleep', '1000');
      assert.equal(started.code, 0, started.output);
      const ran = await plimsoll(...api, 'run', '--rm', '--network', 'none', 'busybox', 'env');
      const entered = await plimsoll(...api, 'exec', 'later', 'env');
      const built = await plimsoll(...api, 'build', '--no-cache', '--progress', 'plain', folder);
      for (const { code, output } of [ran, entered, built]) {
        assert.equal(code, 0, output);
        assert.match(output, /PATH=/);
        assert.doesNotMatch(output, /NOTIFY_SOCKET|WATCHDOG_USEC|LISTEN_FDS/);
      }
      const children = processesWith(root.runDir).filter(each => each !== pid);
      assert.ok(children.length >= 4, 'two monitors and their containers');
      for (const child of children) {
        const names = readFileSync(`/proc/${child}/environ`, 'utf8').split('\0');
        const told = names.filter(name => forTheDaemon.test(name));
        assert.deepEqual(told, [], readFileSync(`/proc/${child}/cmdline`, 'utf8').replaceAll('\0', ' '));
        assert.ok(!holds(child, socketOf(pid)), 'the socket of the API');
      }
    });

    await t.test('a loop that hangs says nothing, and systemd ends it', async () => {
      const address = await said(/ws:\/\/\S+/);
      const inspector = new WebSocket(address);
      await once(inspector, 'open');
      const hang = { id: 1, method: 'Runtime.evaluate', params: { expression: 'for (;;);' } };
      inspector.send(JSON.stringify(hang));
      // Four times as long as it may be silent.
      const before = await untilSame(() => manager.heard.length, 1200);
      inspector.terminate();
      const next = once(holder.stdout, 'data');
      process.kill(pid, 'SIGABRT'); // as systemd does then (WatchdogSignal of systemd.service(5))
      await next;
      await manager.until('READY=1', before);
      await manager.until('WATCHDOG=1', before);
    });
  } finally {
    const gone = once(holder, 'exit');
    holder.kill('SIGTERM');
    await gone;
  }
  assert.ok(manager.heard.includes('STOPPING=1'));

  async function plimsoll(...words: string[]): Promise<{ code: number; output: string }> {
    const child = spawn(launcher, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += String(chunk)));
    const [code] = (await once(child, 'close')) as [number];
    return { code, output };
  }
});

/** A container that the daemon starts as it opens its engine, as after a boot: its restart policy says so. */
async function bootAgain(root: Parameters<typeof createEngine>[0]['root']): Promise<void> {
  await using engine = await createEngine({ root });
  const spec = { image: 'busybox', name: 'always', command: ['sleep', '1000'], network: 'none' };
  const { id } = await engine.containers.create({ ...spec, restart: { name: 'always' } });
  await engine.containers.start(id);
  const { monitor, process: first } = engine.containers.inspect(id).state;
  for (const each of [monitor, first]) if (each !== undefined) process.kill(each.pid, 'SIGKILL');
}

async function hearing(path: string) {
  const child = spawn(python ?? '', [join(support, 'notify-socket.py'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const heard: string[] = [];
  createInterface({ input: child.stdout }).on('line', line => heard.push(line));
  const until = async (message: string, after = 0) => {
    for (let tries = 0; !heard.slice(after).includes(message); tries++) {
      if (tries === 400) assert.fail(`${message} does not come: ${heard.join(', ')}`);
      await sleep(50);
    }
  };
  await until('LISTENS');
  return {
    heard,
    until,
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    },
  };
}

/** Waits for words in what a stream says. */
function linesOf(stream: NodeJS.ReadableStream): (words: RegExp) => Promise<string> {
  let all = '';
  stream.on('data', chunk => (all += String(chunk)));
  return async words => {
    for (let tries = 0; tries < 200; tries++) {
      const found = words.exec(all)?.[0];
      if (found !== undefined) return found;
      await sleep(50);
    }
    return assert.fail(`${words} is not said: ${all}`);
  };
}

/** Processes of a root: those that name its run folder, and what those have started. */
function processesWith(runDir: string): number[] {
  const all = readdirSync('/proc').map(Number).filter(Boolean);
  const named = all.filter(pid => readQuietly(`/proc/${pid}/cmdline`).includes(runDir));
  const below = all.filter(pid =>
    named.includes(Number(/PPid:\s+(\d+)/.exec(readQuietly(`/proc/${pid}/status`))?.[1])),
  );
  return [...new Set([...named, ...below])];
}

/** The kernel's name for the socket that a daemon was handed. */
function socketOf(pid: number): string {
  return linkOf(`/proc/${pid}/fd/3`);
}

function holds(pid: number, file: string): boolean {
  return readdirSync(`/proc/${pid}/fd`).some(fd => linkOf(`/proc/${pid}/fd/${fd}`) === file);
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed meanwhile
  }
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
}
