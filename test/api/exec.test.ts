import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { type DaemonOfOwn, daemonOfOwn, dockerClients } from '../support/daemon-of-own.ts';
import { noEngine } from '../support/root-of-own.ts';
import { openTerminal } from '../support/terminal.ts';

const launcher = join(import.meta.dirname, '../../bin/plimsoll');

test('commands in containers outlive the daemon, and are looked at by the next', {
  skip: noEngine,
}, async t => {
  await using daemon = await daemonOfOwn();
  const docker = new Docker({ socketPath: daemon.proxied });
  await daemon.plimsoll('run', '-d', '--name', 'box', '--network', 'none', 'busybox', 'sleep', '1000');
  const box = docker.getContainer('box');
  const make = async (script: string, more: object = {}) =>
    await box.exec({ Cmd: ['sh', '-c', script], AttachStdout: true, ...more });
  const looked = async (exec: { id: string }) => await docker.getExec(exec.id).inspect();
  const untilEnded = async (exec: { id: string }) => {
    for (;;) {
      const found = await looked(exec);
      if (!found.Running) return found;
      await sleep(20);
    }
  };
  /** A connection is there before its command. */
  const untilRunning = async (exec: { id: string }) => {
    for (;;) {
      const found = await looked(exec);
      if (found.Running && found.Pid > 1) return found;
      await sleep(20);
    }
  };
  const execIds = async () => (await box.inspect()).ExecIDs as unknown as string[] | null;

  await t.test('kill -9 of the daemon in the middle of them', async () => {
    const talkative = await make('while [ ! -e /go ]; do echo line; sleep 0.01; done; exit 7');
    const alone = await make('while [ ! -e /go ]; do sleep 0.01; done; exit 8');
    const onTerminal = await make('while [ ! -e /go ]; do sleep 0.01; done; exit 9', {
      ...{ Tty: true, AttachStdin: true, User: '1:1' },
    });
    const unstarted = await make('exit 10');
    const lasting = await make('exec sleep 1000');
    const connected = [
      await talkative.start({}),
      await onTerminal.start({ hijack: true, stdin: true, Tty: true }),
    ];
    for (const each of connected) each.on('error', () => {}).resume();
    await alone.start({ Detach: true });
    await lasting.start({ Detach: true });
    for (const each of [talkative, alone, lasting]) await untilRunning(each);
    const before = await untilRunning(onTerminal);

    await daemon.killAndRestart();
    const all = [talkative, alone, onTerminal, unstarted, lasting];
    assert.deepEqual(new Set(await execIds()), new Set(all.map(({ id }) => id)));
    assert.deepEqual(await looked(onTerminal), before);
    assert.deepEqual(
      (await Promise.all(all.map(looked))).map(({ Running }) => Running),
      [true, true, true, false, true],
    );
    await daemon.killAndRestart(); // and of one that has started none of them
    assert.equal((await daemon.plimsoll('exec', 'box', 'touch', '/go')).code, 0);
    assert.equal((await untilEnded(talkative)).ExitCode, 7);
    assert.equal((await untilEnded(alone)).ExitCode, 8);
    const { ExitCode, Pid, ProcessConfig } = await untilEnded(onTerminal);
    assert.deepEqual([ExitCode, Pid, ProcessConfig], [9, before.Pid, before.ProcessConfig]);
    assert.deepEqual(await execIds(), [unstarted.id, lasting.id]);
    const died = (await events(daemon)).filter(({ Action }) => Action === 'exec_die');
    const codes = new Map(died.map(({ Actor: { Attributes } }) => [Attributes.execID, Attributes.exitCode]));
    assert.deepEqual(
      [talkative, alone, onTerminal].map(({ id }) => codes.get(id)),
      ['7', '8', '9'],
    );
    assert.equal(codes.size, 4); // and plimsoll's own

    await assert.rejects(docker.getExec(alone.id).start({}), { statusCode: 409 });
    await daemon.plimsoll('stop', '-t', '0', 'box');
    assert.equal((await looked(lasting)).ExitCode, 137);
    await daemon.plimsoll('rm', 'box');
    await assert.rejects(looked(lasting), { statusCode: 404 });
    assert.deepEqual(daemon.proxy.breaches, []);
  });

  await t.test("one that cannot be started has docker's words and exit codes", async () => {
    await daemon.plimsoll('run', '-d', '--name', 'box', '--network', 'none', 'busybox', 'sleep', '1000');
    for (const [command, code, words] of [
      ['nosuch', 127, /exec: "nosuch": executable file not found in \$PATH/],
      ['/etc/passwd', 126, /exec: "\/etc\/passwd": permission denied/],
    ] as const) {
      const attached = await box.exec({ Cmd: [command], AttachStdout: true, Tty: true });
      const said = String(Buffer.concat(await Array.fromAsync(await attached.start({ Tty: true }))));
      assert.match(said, words);
      assert.equal((await looked(attached)).ExitCode, code);
      const alone = await box.exec({ Cmd: [command] });
      await assert.rejects(alone.start({ Detach: true }), words);
      assert.equal((await looked(alone)).ExitCode, code);
    }
    await assert.rejects(box.exec({ Cmd: ['true'], DetachKeys: 'shift-x' } as object), { statusCode: 400 });
  });

  await t.test('DetachKeys are watched for by the daemon, on a terminal alone', async () => {
    const keys = { DetachKeys: 'ctrl-a,q', AttachStdin: true };
    const left = await make('exec cat', { ...keys, Tty: true });
    const stream = await left.start({ hijack: true, stdin: true, Tty: true });
    stream.write('ahoy\n');
    let said = '';
    for await (const chunk of stream) {
      if (said === '') stream.write('\u0001q');
      said += String(chunk);
    }
    assert.match(said, /ahoy/);
    assert.deepEqual(await looked(left).then(({ Running, ...more }) => [Running, more.DetachKeys]), [
      true,
      'ctrl-a,q',
    ]);
    const piped = await make('exec cat', keys);
    const through = await piped.start({ hijack: true, stdin: true });
    through.end('\u0001q\n');
    assert.match(String(Buffer.concat(await Array.fromAsync(through))), /\u0001q\n/);
    assert.equal((await looked(piped)).ExitCode, 0);
  });

  await t.test('input that a command does not read keeps nobody else waiting', async () => {
    const input = Buffer.alloc(8 << 20, 'ahoy');
    const slow = await make('while [ ! -e /read ]; do sleep 0.01; done; wc -c', { AttachStdin: true });
    const stream = await slow.start({ hijack: true, stdin: true });
    stream.end(input);
    for (let times = 0; times < 100; times++) await docker.ping();
    const touch = await make('touch /read');
    await touch.start({ Detach: true });
    assert.match(String(Buffer.concat(await Array.fromAsync(stream))), new RegExp(`${input.length}\n`));
    assert.equal((await looked(slow)).ExitCode, 0);
  });

  await t.test('a client that does not read has the command wait, and gets all of it later', async () => {
    const lines = 2_000_000; // 14 MB to each stream
    const direct = new Docker({ socketPath: daemon.socket }); // the proxy would read for it
    const writing = await make(`seq ${lines} | tee /dev/stderr; touch /written`, { AttachStderr: true });
    const stream = await direct.getExec(writing.id).start({});
    stream.pause();
    const written = async () => (await daemon.plimsoll('exec', 'box', 'cat', '/written')).code === 0;
    for (let times = 0; times < 10; times++) assert.equal(await written(), false);
    const said: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
    const keep = (kept: Buffer[]) =>
      new Writable({
        write: (data: Buffer, _, done) => {
          kept.push(data);
          done();
        },
      });
    docker.modem.demuxStream(stream, keep(said.stdout), keep(said.stderr));
    stream.resume();
    await once(stream, 'end');
    const expected = Array.from({ length: lines }, (_, i) => `${i + 1}\n`).join('');
    assert.ok(Buffer.concat(said.stdout).equals(Buffer.from(expected)));
    assert.ok(Buffer.concat(said.stderr).equals(Buffer.from(expected)));
    assert.equal((await looked(writing)).ExitCode, 0);
  });

  await t.test('a client that leaves is let go, also where its input is not read', async () => {
    const direct = new Docker({ socketPath: daemon.socket });
    const deaf = await make('while [ ! -e /heard ]; do sleep 0.01; done', { AttachStdin: true });
    const stream = await direct.getExec(deaf.id).start({ hijack: true, stdin: true });
    stream.on('error', () => {}).write(Buffer.alloc(8 << 20));
    let Pid = 0;
    while (Pid === 0) ({ Pid } = await looked(deaf));
    const sockets = () =>
      readlinksOf(`/proc/${daemon.pid}/fd`).filter(link => link.startsWith('socket:')).length;
    const attached = sockets();
    stream.destroy();
    while (sockets() > attached - 2) await sleep(20); // the client's, and that to the monitor
    assert.equal((await looked(deaf)).Running, true);
    await daemon.plimsoll('exec', 'box', 'touch', '/heard');
    assert.equal((await untilEnded(deaf)).ExitCode, 0);
  });

  const toldOf = async (exec: { id: string }) =>
    (await events(daemon)).filter(({ Actor }) => Actor.Attributes.execID === exec.id);
  /** Without a look at it, which would record its end. */
  const untilDied = async (exec: { id: string }) => {
    for (;;) {
      const died = (await toldOf(exec)).find(({ Action }) => Action === 'exec_die');
      if (died !== undefined) return died.Actor.Attributes;
      await sleep(20);
    }
  };
  /** Starts one by a command line, that ends when there is a file /go; resolves when it runs. */
  const startByCommand = async ([program = '', ...words]: readonly string[], exitCode: number) => {
    await daemon.plimsoll('exec', 'box', 'rm', '-f', '/go');
    const before = (await execIds()) ?? [];
    const script = `while [ ! -e /go ]; do sleep 0.01; done; exit ${exitCode}`;
    const child = spawn(program, [...words, 'box', 'sh', '-c', script], {
      stdio: 'ignore',
      env: { ...process.env, DOCKER_CONFIG: join(daemon.folder, 'docker') },
    });
    child.on('error', () => {}); // then nothing is found
    for (;;) {
      const [id] = ((await execIds()) ?? []).filter(each => !before.includes(each));
      if (id !== undefined && (await looked({ id })).Pid > 0) return { id, child };
      await sleep(20);
    }
  };

  await t.test(
    'the end of a command whose plimsoll was killed is recorded without its exit code',
    async () => {
      const command = [launcher, '--root', join(daemon.folder, 'root'), 'exec'];
      const { child, ...exec } = await startByCommand(command, 6);
      child.kill('SIGKILL');
      await once(child, 'exit');
      assert.equal((await looked(exec)).Running, true);
      await daemon.plimsoll('exec', 'box', 'touch', '/go');
      assert.equal((await untilEnded(exec)).ExitCode, -1);
      assert.equal((await untilDied(exec))?.exitCode, '-1');
    },
  );

  const ways = [
    ['plimsoll', [launcher, '--root', join(daemon.folder, 'root')]],
    ['plimsoll -H', [launcher, '-H', `unix://${daemon.proxied}`]],
    ...dockerClients.map(client => [client, [client, '-H', `unix://${daemon.proxied}`]] as const),
  ] as const;
  for (const [name, command] of ways) {
    for (const words of [[], ['-d']]) {
      await t.test(`${['exec', ...words].join(' ')} of ${name} is looked at and told of`, async () => {
        const exec = await startByCommand([...command, 'exec', ...words], 6);
        const { ID, ContainerID, Running, Pid, ProcessConfig } = await looked(exec);
        assert.deepEqual([ID, ContainerID, Running], [exec.id, (await box.inspect()).Id, true]);
        assert.deepEqual([ProcessConfig.entrypoint, ProcessConfig.tty], ['sh', false]);
        assert.ok(existsSync(`/proc/${Pid}`));
        assert.equal((await daemon.plimsoll('exec', 'box', 'touch', '/go')).code, 0);
        assert.equal((await untilDied(exec))?.exitCode, '6');
        const ended = await looked(exec);
        assert.deepEqual([ended.Running, ended.ExitCode, ended.Pid], [false, 6, Pid]);
        assert.deepEqual(
          (await toldOf(exec)).map(({ Action }) => Action.split(':')[0]),
          [...['exec_create', 'exec_start', 'exec_die']],
        );
      });
    }
    await t.test(`${name} exec -it is left by its keys, and the command goes on`, async () => {
      await leaveByKeys(daemon, command, [], '\u0010\u0011');
      await leaveByKeys(daemon, command, ['--detach-keys', 'ctrl-x,d'], '\u0018d');
    });
  }
});

async function leaveByKeys(
  daemon: DaemonOfOwn,
  command: readonly string[],
  words: readonly string[],
  keys: string,
): Promise<void> {
  const env = { DOCKER_CONFIG: join(daemon.folder, 'docker') };
  const script =
    'while [ "$(stty size 2>/dev/null)" != "20 90" ]; do sleep 0.01; done; echo sized; while [ ! -e /go ]; do sleep 0.01; done; exit 5';
  await daemon.plimsoll('exec', 'box', 'rm', '-f', '/go');
  const begun = (await events(daemon)).length;
  {
    await using shell = openTerminal([...command, 'exec', '-it', ...words, 'box', 'sh', '-c', script], {
      ...{ columns: 90, rows: 20, env },
    });
    await shell.see(/sized/);
    shell.type(keys);
    // Docker's own client watches for the keys itself, and takes them for a failure.
    const byDocker = command[0] !== launcher;
    assert.equal((await shell.exit()).exitCode, byDocker ? 1 : 0);
  }
  const docker = new Docker({ socketPath: daemon.proxied });
  const { ExecIDs } = await docker.getContainer('box').inspect();
  const [id = ''] = (ExecIDs as unknown as string[]).slice(-1);
  const { Running, ProcessConfig } = await docker.getExec(id).inspect();
  assert.deepEqual([Running, ProcessConfig.entrypoint], [true, 'sh']);
  assert.equal((await daemon.plimsoll('exec', 'box', 'touch', '/go')).code, 0);
  while ((await docker.getExec(id).inspect()).Running) await sleep(20);
  assert.equal((await docker.getExec(id).inspect()).ExitCode, 5);
  const detached = (await events(daemon)).slice(begun).filter(({ Action }) => Action === 'exec_detach');
  assert.deepEqual(
    detached.map(({ Actor }) => Actor.Attributes.execID),
    command[0] === launcher ? [id] : [],
  );
}

function readlinksOf(folder: string): string[] {
  return readdirSync(folder).flatMap(name => {
    try {
      return readlinkSync(join(folder, name));
    } catch {
      return []; // closed meanwhile
    }
  });
}

interface Told {
  readonly Action: string;
  readonly Actor: { readonly Attributes: Readonly<Record<string, string | undefined>> };
}

async function events(daemon: DaemonOfOwn): Promise<Told[]> {
  const docker = new Docker({ socketPath: daemon.socket });
  const stream = await docker.getEvents({ since: 1, until: Math.ceil(Date.now() / 1000) });
  const text = String(Buffer.concat(await Array.fromAsync(stream as AsyncIterable<Buffer>)));
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Told);
}
