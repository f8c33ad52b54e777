import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { sshAgents } from '../../../src/engine/build/solve/index.ts';
import { findExecutable } from '../../../src/engine/kernel/index.ts';
import { cannotRunContainers } from '../../support/busybox-rootfs.ts';
import { makeYard, read, withBusybox, type Yard } from './yard.ts';

const busyYard = () => withBusybox(makeYard());

describe('RUN --mount', { skip: cannotRunContainers }, () => {
  test('type=bind shows the context, a stage and an image, and leaves nothing of them', async () => {
    await using yard = await busyYard();
    yard.write('src/a', 'context');
    await yard.makeBase('tool', rootfs => writeFileSync(join(rootfs, 'tool'), 'image'));
    const { image } = await yard.build(
      [
        'FROM busybox AS one',
        'RUN mkdir /out && echo stage > /out/b',
        'FROM busybox',
        'WORKDIR /work',
        'RUN --mount=type=bind,source=src,target=in --mount=from=one,source=/out,target=/stage \\',
        '    --mount=type=bind,from=tool,target=/image --mount=source=src/a,target=/opt/deep/file \\',
        '    cat in/a /stage/b /image/tool /opt/deep/file > /all',
      ].join('\n'),
    );
    await yard.inside(image, rootfs => {
      assert.equal(read(rootfs, 'all'), 'contextstage\nimagecontext');
      for (const place of ['work/in', 'stage', 'image', 'opt'])
        assert.ok(!existsSync(join(rootfs, place)), `${place} is left in the layer`);
    });
    assert.deepEqual(yard.leftovers(), []);
  });

  test('type=bind is read-only, or with rw loses what is written', async () => {
    await using yard = await busyYard();
    yard.write('src/a', 'mine');
    yard.write('one', 'mine');
    const { image } = await yard.build(
      [
        'FROM busybox',
        'RUN --mount=source=src,target=/in touch /in/x || echo refused > /said',
        'RUN --mount=source=src,target=/in,rw --mount=source=one,target=/one,rw \\',
        '    echo theirs > /in/a && touch /in/x && echo theirs > /one && cat /in/a /one >> /said',
      ].join('\n'),
    );
    await yard.inside(image, rootfs => assert.equal(read(rootfs, 'said'), 'refused\ntheirs\ntheirs\n'));
    assert.equal(readFileSync(join(yard.context, 'src/a'), 'utf8'), 'mine');
    assert.equal(readFileSync(join(yard.context, 'one'), 'utf8'), 'mine');
    assert.deepEqual(readdirSync(join(yard.context, 'src')), ['a']);
  });

  test('type=bind does not show what the ignore file leaves out', async () => {
    await using yard = await busyYard();
    for (const path of ['a', 'secret', 'node_modules/x/y', 'logs/no', 'logs/keep', 'b,c: d/x'])
      yard.write(path, path);
    yard.write('.dockerignore', 'secret\nnode_modules\nlogs/*\n!logs/keep\nDockerfile\n.dockerignore\n');
    const { image } = await yard.build('FROM busybox\nRUN --mount=target=/in cd /in && ls -R > /list\n');
    await yard.inside(image, rootfs =>
      assert.equal(read(rootfs, 'list'), '.:\na\nb,c: d\nlogs\n\n./b,c: d:\nx\n\n./logs:\nkeep\n'),
    );
    await assert.rejects(yard.build('FROM busybox\nRUN --mount=source=secret,target=/in true\n'), {
      summary: 'Dockerfile:2: "secret" is left out by the ignore file',
    });
    await assert.rejects(yard.build('FROM busybox\nRUN --mount=source=none,target=/in true\n'), {
      code: 'SOURCE_NOT_FOUND',
      lines: { start: 2, end: 2 },
    });
  });

  test('type=bind decides the cache key by its content, and names the file that changed', async () => {
    await using yard = await busyYard();
    yard.write('src/a', '1');
    yard.write('other', '1');
    const text = 'FROM busybox\nRUN --mount=source=src,target=/in cat /in/a > /out\n';
    const name = 'RUN --mount=source=src,target=/in cat /in/a > /out';
    await yard.build(text);
    yard.write('other', '2');
    assert.equal((await yard.build(text)).steps[name], 'cached');
    yard.write('src/a', '2');
    assert.equal((await yard.build(text)).steps[name], 'src/a changed');
  });

  test('type=cache keeps its folder from build to build, by id and by what it begins with', async () => {
    await using yard = await busyYard();
    const add = (line: string, mount: string) =>
      yard.build(`FROM busybox\nRUN --mount=type=cache,${mount} echo ${line} >> /c/f && cat /c/f\n`);
    await add('one', 'target=/c');
    assert.match(outputOf(await add('two', 'target=/c')), /^one\ntwo$/m);
    assert.doesNotMatch(outputOf(await add('three', 'target=/c,id=other')), /one/);
    await yard.makeBase('seed', rootfs => {
      mkdirSync(join(rootfs, 'start'));
      writeFileSync(join(rootfs, 'start/f'), 'seed\n');
    });
    assert.match(outputOf(await add('four', 'target=/c,from=seed,source=/start')), /^seed\nfour$/m);
    const { image } = await add('five', 'target=/c,from=seed,source=/start');
    await yard.inside(image, rootfs => assert.ok(!existsSync(join(rootfs, 'c'))));
    const kept = (await yard.builds.cacheUsage()).filter(({ kind }) => kind === 'mount');
    assert.deepEqual(kept.map(({ description }) => description).sort(), [
      'cache mount /c',
      'cache mount /c',
      'cache mount other',
    ]);
    const folders = readdirSync(join(yard.dataDir, 'mounts')).map(name => join(yard.dataDir, 'mounts', name));
    const du = execFileSync('du', ['-sc', '--block-size=1', ...folders], { encoding: 'utf8' });
    const { reclaimedBytes } = await yard.builds.pruneCache({ kinds: ['mount'] });
    assert.equal(`${reclaimedBytes}\ttotal`, du.trim().split('\n').at(-1), 'as du counts them');
    assert.deepEqual(readdirSync(join(yard.dataDir, 'mounts')), []);
  });

  test('type=cache has the mode and owner that it was made with, and may be read-only', async () => {
    await using yard = await busyYard();
    const built = await yard.build(
      [
        'FROM busybox',
        'USER 5',
        'RUN --mount=type=cache,target=/tmp/c,uid=5,gid=6,mode=0700 touch /tmp/c/f && ls -ldn /tmp/c',
        'RUN --mount=type=cache,target=/tmp/c,ro touch /tmp/c/g || ls /tmp/c',
      ].join('\n'),
    );
    assert.match(outputOf(built), /^drwx------ +2 5 +6 .*\n.*Read-only file system\nf\n$/);
  });

  test('type=cache,sharing=locked is had by one step at a time, sharing=private by each alone', async () => {
    await using yard = await busyYard();
    const both = (sharing: string) =>
      [
        'FROM busybox AS a',
        `RUN --mount=type=cache,id=${sharing},sharing=${sharing},target=/c echo a >> /c/f; sleep 0.5; cat /c/f > /out`,
        'FROM busybox AS b',
        `RUN --mount=type=cache,id=${sharing},sharing=${sharing},target=/c echo b >> /c/f; sleep 0.5; cat /c/f > /out`,
        'FROM scratch',
        'COPY --from=a /out /a',
        'COPY --from=b /out /b',
      ].join('\n');
    const seen = async (sharing: string) => {
      const { image } = await yard.build(both(sharing), { jobs: 2 });
      return await yard.inside(image, rootfs => [read(rootfs, 'a').length, read(rootfs, 'b').length].sort());
    };
    assert.deepEqual(await seen('locked'), [2, 4], 'the second one waits for the first');
    assert.deepEqual(await seen('private'), [2, 2], 'each one has its own');
    assert.deepEqual(await seen('shared'), [4, 4], 'both write at the same time');
  });

  test('type=tmpfs is empty, writable and gone afterwards', async () => {
    await using yard = await busyYard();
    const { image } = await yard.build(
      'FROM busybox\nRUN mkdir /t && touch /t/below\nRUN --mount=type=tmpfs,target=/t,size=1m \\\n  cp /bin/busybox /t/ 2>/said; ls /t >> /said; stat -f -c %T /t >> /said; [ ! -e /t/below ]\n',
    );
    await yard.inside(image, rootfs => {
      assert.match(read(rootfs, 'said'), /No space left[\s\S]*busybox\ntmpfs\n$/);
      assert.deepEqual(readdirSync(join(rootfs, 't')), ['below']);
    });
  });

  test('gives the places of mounts in folders of the base back as they were', async () => {
    await using yard = await busyYard();
    await yard.makeBase('base', rootfs => {
      execFileSync('cp', ['-a', '/bin/busybox', join(rootfs, 'busybox')]);
      mkdirSync(join(rootfs, 'root'));
      writeFileSync(join(rootfs, 'root/.netrc'), 'own');
    });
    const { config, image } = await yard.build(
      'FROM base\nRUN --mount=type=secret,id=s,target=/root/.netrc --mount=type=cache,target=/root/.cache/a ["/busybox","true"]\n',
      { secrets: { s: { value: 'secret value' } } },
    );
    assert.equal(config.rootfs.diff_ids.length, 1, 'a step that changes nothing leaves no layer');
    await yard.inside(image, rootfs => assert.equal(read(rootfs, 'root/.netrc'), 'own'));
  });
});

describe('secrets', { skip: cannotRunContainers }, () => {
  test('reach the command, and no layer, no key, no history, no log: looked for in every byte of the root', async () => {
    await using yard = await busyYard();
    const [fileValue, variable] = ['correct-horse-battery-staple', 'tr0ub4dor&3'];
    yard.write('../token', `${fileValue}\nsecond line of it\n`);
    const text = [
      'FROM busybox',
      'RUN --mount=type=secret,id=token --mount=type=secret,id=pass,env=PASS,required \\',
      '    test "$(head -n 1 /run/secrets/token)" = correct-horse-battery-$(echo staple) && test "$PASS" = "tr0ub4""dor&3" \\',
      '    && cat /run/secrets/token && tail -n 1 /run/secrets/token && echo "pass=$PASS" && stat -c %a /run/secrets/token > /mode',
      'RUN --mount=type=secret,id=token,target=/etc/token,mode=0440,uid=3,gid=4 stat -c "%a %u %g" /etc/token >> /mode',
      'RUN --mount=type=secret,id=missing test ! -e /run/secrets/missing',
    ].join('\n');
    const secrets = { token: { file: join(yard.folder, 'token') }, pass: { value: variable } };
    const built = await yard.build(text, { secrets });
    await yard.inside(built.image, rootfs => {
      assert.equal(read(rootfs, 'mode'), '400\n440 3 4\n');
      assert.ok(!existsSync(join(rootfs, 'run/secrets')) && !existsSync(join(rootfs, 'etc/token')));
    });
    assert.match(outputOf(built), /^\*\*\*$/m, 'the file is hidden in the output');
    assert.match(outputOf(built), /^pass=\*\*\*$/m);
    for (const value of [fileValue, 'second line of it', variable]) {
      assert.deepEqual(filesWith(yard, value), [], value);
      assert.doesNotMatch(JSON.stringify([built.config, built.events]), new RegExp(value));
    }
    const again = await yard.build(text, { secrets: { ...secrets, pass: { value: 'another value' } } });
    assert.deepEqual(
      new Set(Object.values(again.steps)),
      new Set(['cached']),
      'a value is no part of the key',
    );
  });

  test('are hidden in the error of a command that fails', async () => {
    await using yard = await busyYard();
    const failing = yard.build(
      'FROM busybox\nRUN --mount=type=secret,id=s,env=S echo "login $S failed"; exit 1\n',
      {
        secrets: { s: { value: 'open sesame' } },
      },
    );
    await assert.rejects(failing, error => {
      assert.match(String(error), /login \*\*\* failed/);
      return true;
    });
    assert.deepEqual(filesWith(yard, 'open sesame'), []);
    assert.deepEqual(yard.leftovers(), []);
  });
});

describe('RUN --mount=type=ssh', { skip: cannotRunContainers }, () => {
  test('lets a step list keys and sign, and nothing that would change the agent', async () => {
    await using yard = await busyYard();
    const asked: number[] = [];
    const agent = createServer(client => {
      client.on('data', request => {
        asked.push(request[4] ?? -1);
        client.write(Buffer.from([0, 0, 0, 5, 12, 0, 0, 0, 0])); // no keys
      });
      client.on('error', () => {});
    });
    const socket = join(yard.folder, 'agent');
    await new Promise<void>(resolve => agent.listen(socket, resolve));
    try {
      const built = await yard.build(
        [
          'FROM busybox',
          'USER 7',
          'RUN --mount=type=ssh,uid=7 test -S "$SSH_AUTH_SOCK" && stat -c "%a %u" $SSH_AUTH_SOCK',
          'RUN --mount=type=ssh,id=none test -z "$SSH_AUTH_SOCK"',
        ].join('\n'),
        { ssh: { default: { socket } } },
      );
      assert.match(outputOf(built), /600 7/);
      await assert.rejects(yard.build('FROM busybox\nRUN --mount=type=ssh,id=x,required true\n'), {
        code: 'SSH_AGENT_MISSING',
      });
      const { openSsh } = await import('../../../src/engine/build/solve/mounts/ssh-proxy.ts');
      await using stack = new AsyncDisposableStack();
      const proxy = join(yard.folder, 'proxy');
      const place = { agents: { socket: async () => socket }, files: {}, stack };
      const mount = {
        type: 'ssh',
        id: 'x',
        target: '/s',
        required: false,
        uid: 0,
        gid: 0,
        mode: 0o600,
      } as const;
      await openSsh(mount, proxy, place as unknown as Parameters<typeof openSsh>[2]);
      assert.equal(lstatSync(proxy).mode & 0o777, 0o600);
      const client = connect(proxy);
      const answers: Buffer[] = [];
      client.on('data', data => answers.push(data));
      const ask = async (...bytes: number[]) => {
        const before = Buffer.concat(answers).length;
        client.write(Buffer.from(bytes));
        while (Buffer.concat(answers).length === before) await new Promise(resolve => setTimeout(resolve, 5));
      };
      await ask(0, 0, 0, 1, 11);
      await ask(0, 0, 0, 1, 19); // remove all keys
      client.write(Buffer.from([0, 0])); // a request in two pieces
      await ask(0, 1, 13);
      client.destroy();
      assert.deepEqual(
        answers.map(answer => answer[4]),
        [12, 5, 12],
      );
    } finally {
      agent.close();
    }
    assert.deepEqual(asked, [11, 13]);
  });
});

describe('an ssh agent of the build', { skip: hasSsh() ? false : 'needs ssh-agent and ssh-keygen' }, () => {
  test('has the keys that it was given, and ends with the build', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pla-'));
    try {
      const key = join(folder, 'key');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'of the test', '-f', key]);
      let socket: string | undefined;
      {
        await using agents = sshAgents({ own: { keys: [key] } }, async () => folder);
        socket = await agents.socket('own', undefined);
        assert.equal(await agents.socket('own', undefined), socket);
        assert.equal(await agents.socket('other', undefined), undefined);
        const env = { ...process.env, SSH_AUTH_SOCK: socket };
        assert.match(execFileSync('ssh-add', ['-l'], { env, encoding: 'utf8' }), /of the test/);
      }
      assert.ok(!existsSync(socket ?? ''), 'the agent has ended');
      await using agents = sshAgents({ x: { socket: '/none' }, y: { keys: ['/none'] } }, async () => folder);
      await assert.rejects(agents.socket('x', undefined), { code: 'SSH_AGENT_MISSING' });
      await assert.rejects(agents.socket('y', undefined), /ssh-add/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

function hasSsh(): boolean {
  return ['ssh-agent', 'ssh-add', 'ssh-keygen'].every(name => findExecutable(name) !== undefined);
}

function outputOf({ events }: Awaited<ReturnType<Yard['build']>>): string {
  return events.flatMap(event => (event.kind === 'step-output' ? [event.text] : [])).join('');
}

/** Files below the yard's root and run folder that hold some bytes. */
function filesWith(yard: Yard, value: string): string[] {
  return ['data', 'run'].flatMap(folder =>
    readdirSync(join(yard.folder, folder), { recursive: true, encoding: 'utf8' })
      .map(path => join(yard.folder, folder, path))
      .filter(path => lstatSync(path).isFile() && readFileSync(path).includes(value)),
  );
}
