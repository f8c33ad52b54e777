import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { daemonOfOwn, dockerClients, noDocker } from '../support/daemon-of-own.ts';
import { openTerminal } from '../support/terminal.ts';

test("docker's own client takes connections over: run, attach, exec", { skip: noDocker }, async t => {
  await using daemon = await daemonOfOwn();
  const gone = async () => assert.equal((await daemon.plimsoll('ps', '-aq')).stdout, '');
  for (const client of dockerClients) {
    const docker = (...args: string[]) => daemon.docker(client, args);
    const terminal = (...args: string[]) =>
      openTerminal([client, '-H', `unix://${daemon.proxied}`, ...args], {
        columns: 90,
        rows: 20,
        env: { DOCKER_CONFIG: join(daemon.folder, 'docker') },
      });

    await t.test(
      `${client} run passes both streams and the exit code on, and --rm leaves nothing`,
      async () => {
        const done = await docker('run', '--rm', 'busybox', 'sh', '-c', 'echo out; echo err >&2; exit 7');
        assert.deepEqual(done, { code: 7, stdout: 'out\n', stderr: 'err\n' });
        await gone();
      },
    );

    await t.test(`${client} run takes a profile of system calls from a file of the client's`, async () => {
      const profile = join(daemon.folder, 'no-mkdir.json');
      const rule = { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 30 };
      writeFileSync(profile, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] }));
      const option = ['--security-opt', `seccomp=${profile}`];
      const done = await docker('run', '--rm', ...option, 'busybox', 'mkdir', '/new');
      assert.match(done.stderr, /Read-only file system/);
      assert.equal(done.code, 1);
      const file = await docker('run', '--rm', '--security-opt', 'seccomp=/nosuch', 'busybox', 'true');
      assert.equal(file.code, 125);
    });

    await t.test(`${client} run -i feeds its input, to the end of it`, async () => {
      const input = `${'0123456789abcdef'.repeat(20_000)}\n`;
      const done = await daemon.docker(
        client,
        ['run', '--rm', '-i', 'busybox', 'sh', '-c', 'wc -c; echo over'],
        input,
      );
      assert.deepEqual(done, { code: 0, stdout: `${input.length}\nover\n`, stderr: '' });
      await gone();
    });

    await t.test(`${client} run misses nothing of a command that ends at once`, async () => {
      for (let i = 0; i < 5; i++) {
        const { stdout } = await docker('run', '--rm', 'busybox', 'seq', '2000');
        assert.equal(stdout.split('\n').length, 2001);
      }
    });

    await t.test(`${client} run -it is a terminal of the client's size, and follows it`, async () => {
      await using shell = terminal('run', '--rm', '-it', 'busybox', 'sh');
      await shell.see(/# $/m);
      shell.type('stty size\r');
      await shell.see(/20 90/);
      shell.resize(100, 30);
      await shell.see(/# $/m);
      shell.type('while [ "$(stty size)" != "30 100" ]; do sleep 0.1; done; echo resi""zed\r');
      await shell.see(/resized/);
      shell.type('exit 5\r');
      assert.equal((await shell.exit()).exitCode, 5);
      await gone();
    });

    await t.test(`${client} attach is left by its keys, and the container runs on`, async () => {
      await docker('run', '-dit', '--name', 'cat', 'busybox', 'cat');
      {
        await using attached = terminal('attach', 'cat');
        attached.type('ahoy\r');
        await attached.see(/ahoy\s+ahoy/);
        attached.type('\u0010\u0011');
        await attached.exit();
      }
      assert.equal((await docker('inspect', '-f', '{{.State.Status}}', 'cat')).stdout, 'running\n');
      await docker('rm', '-f', 'cat');
    });

    await t.test(`${client} exec: output, input, exit codes, detached, with a terminal`, async () => {
      await docker('run', '-d', '--name', 'box', 'busybox', 'sleep', '1000');
      const both = await docker(
        'exec',
        '-e',
        'A=b',
        '-w',
        '/tmp',
        'box',
        'sh',
        '-c',
        'echo $A $PWD; echo err >&2; exit 3',
      );
      assert.deepEqual(both, { code: 3, stdout: 'b /tmp\n', stderr: 'err\n' });
      const fed = await daemon.docker(client, ['exec', '-i', 'box', 'cat'], 'ahoy\n');
      assert.deepEqual(fed, { code: 0, stdout: 'ahoy\n', stderr: '' });
      const absent = await docker('exec', 'box', 'nosuch');
      assert.equal(absent.code, 127);
      assert.match(absent.stderr + absent.stdout, /not found/);
      assert.equal((await docker('exec', '-d', 'box', 'touch', '/made')).code, 0);
      const made = 'while [ ! -e /made ]; do sleep 0.1; done; echo made';
      assert.equal((await docker('exec', 'box', 'sh', '-c', made)).stdout, 'made\n');
      {
        await using shell = terminal('exec', '-it', 'box', 'sh');
        await shell.see(/# $/m);
        shell.type('while [ "$(stty size)" != "20 90" ]; do sleep 0.1; done; echo as""ked\r');
        await shell.see(/asked/);
        shell.resize(70, 25);
        shell.type('while [ "$(stty size)" != "25 70" ]; do sleep 0.1; done; echo resi""zed\r');
        await shell.see(/resized/);
        shell.type('exit 4\r');
        assert.equal((await shell.exit()).exitCode, 4);
      }
      await docker('stop', '-t', '0', 'box');
      const stopped = await docker('exec', 'box', 'true');
      assert.equal(stopped.code, 1);
      assert.match(stopped.stderr, /not running/);
      await docker('rm', 'box');
      await gone();
    });
  }

  await t.test('an upgrade that cannot be is refused with an error of docker', async () => {
    const answers = [
      ['POST /v1.41/containers/nosuch/attach?stream=1', /^HTTP\/1.1 404 .*\{"message":"No such container/s],
      ['POST /v1.41/exec/nosuch/start', /^HTTP\/1.1 404 .*No such exec instance/s],
      ['POST /v1.99/exec/nosuch/start', /^HTTP\/1.1 400 .*too new/s],
      ['POST /session', /^HTTP\/1.1 404 .*page not found/s],
    ] as const;
    for (const [line, words] of answers) {
      const head = `${line} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`;
      assert.match(await answerTo(daemon.socket, head), words);
    }
  });

  await t.test(
    'a client that does not read has the daemon keep nothing for it, and gets all of it later',
    async () => {
      const script =
        'yes 0123456789012345678901234567890123456789012345678901234567890123456789 | head -n 500000';
      const made = await daemon.plimsoll(
        'run',
        '--name',
        'talker',
        '--network',
        'none',
        '-d',
        'busybox',
        'sh',
        '-c',
        script,
      );
      assert.equal(made.code, 0);
      assert.equal((await daemon.plimsoll('wait', 'talker')).stdout, '0\n');
      const before = residentBytes(daemon.pid);
      const slow = connect(daemon.socket);
      slow.write(
        'GET /v1.41/containers/talker/logs?stdout=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      );
      await new Promise(again => setTimeout(again, 2000)); // nothing of 35 MB is read
      const grown = residentBytes(daemon.pid) - before;
      assert.ok(grown < 24 * 1024 ** 2, `${grown} bytes more`);
      let read = 0;
      for await (const chunk of slow) read += (chunk as Buffer).length;
      assert.ok(read > 500_000 * (8 + 71), `${read} bytes`);
      await daemon.plimsoll('rm', 'talker');
    },
  );

  await t.test('clients that leave, or leave their side, keep no files of the daemon open', async () => {
    await daemon.plimsoll('create', '-it', '--name', 'never', 'busybox', 'true');
    const before = openFiles(daemon.pid);
    const head =
      'POST /containers/never/attach?stream=1&stdout=1&stdin=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n';
    for (let i = 0; i < 50; i++) {
      const socket = connect(daemon.socket);
      socket.write(head);
      await new Promise(resolve => socket.once('data', resolve));
      socket.destroy();
    }
    while (openFiles(daemon.pid) > before + 2) await new Promise(resolve => setTimeout(resolve, 50));
    await daemon.plimsoll('rm', 'never');
  });
  assert.deepEqual(daemon.proxy.breaches, []);
});

function answerTo(path: string, head: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(path, () => socket.write(head));
    socket.on('data', chunk => {
      answer += chunk;
    });
    socket.on('end', () => resolve(answer)).on('error', reject);
  });
}

function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}
