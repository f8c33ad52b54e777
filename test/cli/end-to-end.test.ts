import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { noEngine, rootOfOwn } from '../support/root-of-own.ts';
import { type CliOptions, runPlimsoll } from '../support/run-cli.ts';

/** The command line on a real engine, without networks: they have tests of their own. */
test('the command line on a real engine', { skip: noEngine }, async t => {
  await using own = await rootOfOwn();
  const { root, folder } = own;
  const plimsoll = (words: string, options: CliOptions = {}) =>
    runPlimsoll(
      words.split(' ').map(word => word.replaceAll('~', ' ')),
      { root, cwd: folder, ...options },
    );
  const run = (words: string, options?: CliOptions) => plimsoll(`run --rm --network none ${words}`, options);

  await t.test('run ends with the exit code of its command, and passes both streams on', async () => {
    assert.deepEqual(await run('busybox sh -c echo~out;echo~err>&2;exit~7'), {
      code: 7,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    assert.deepEqual(await run('busybox true'), { code: 0, stdout: '', stderr: '' });
    assert.equal((await plimsoll('ps -aq')).stdout, '');
  });

  await t.test('run ends with 125, 126 and 127 where docker does, and leaves nothing', async () => {
    const cases: [string, number, RegExp][] = [
      ['nosuch true', 125, /there is no image "nosuch", and/],
      ['busybox /etc', 126, /"\/etc" cannot be executed/],
      ['busybox nosuch', 127, /"nosuch" does not exist/],
      ['--user nobodyhere busybox true', 125, /nobodyhere/],
    ];
    for (const [words, code, message] of cases) {
      const result = await plimsoll(`run --network none ${words}`);
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stderr, message);
    }
    assert.equal((await plimsoll('ps -aq')).stdout, '');
  });

  await t.test('run -i feeds its input to the container', async () => {
    assert.deepEqual(await run('-i busybox cat', { input: 'ahoy\n' }), {
      code: 0,
      stdout: 'ahoy\n',
      stderr: '',
    });
  });

  await t.test('output is passed on byte by byte, and cleaned for a terminal', async () => {
    const words = 'busybox printf a\\033[2Jb\\n';
    assert.equal((await run(words)).stdout, 'a\u001b[2Jb\n');
    assert.equal((await run(words, { tty: true })).stdout, 'ab\n');
  });

  await t.test('a signal goes to the container, whose exit code comes back', async () => {
    let send = () => {};
    const pending = run(
      '--name trap busybox sh -c trap~"echo~got;exit~9"~INT;echo~ready;while~:;do~sleep~0.05;done',
      {
        onStart: signals => {
          send = () => signals.emit('SIGINT', 'SIGINT');
        },
      },
    );
    while (!(await plimsoll('logs trap')).stdout.includes('ready'))
      await new Promise(resolve => setTimeout(resolve, 20));
    send();
    const { code, stdout } = await pending;
    assert.equal(code, 9);
    assert.equal(stdout, 'ready\ngot\n');
  });

  await t.test('a container lives through its verbs', async () => {
    const { stdout: id } = await plimsoll('run -d --name web --network none -l team=a busybox sleep 1000');
    assert.match(id, /^[0-9a-f]{64}\n$/);
    const [line = ''] = (await plimsoll('ps --format json -f label=team=a')).stdout.split('\n');
    const row = JSON.parse(line) as Record<string, string>;
    assert.deepEqual(
      [row.Names, row.State, row.Image, row.ID],
      ['web', 'running', 'busybox', id.slice(0, 12)],
    );
    assert.equal((await plimsoll('exec web sh -c echo~in;exit~4')).code, 4);
    assert.equal((await plimsoll('exec -e A=1 -w /tmp web sh -c echo~$A~$PWD')).stdout, '1 /tmp\n');
    assert.match((await plimsoll('top web')).stdout, /sleep 1000/);
    assert.match((await plimsoll('stats --no-stream')).stdout, /web +\d/);
    assert.equal((await plimsoll('pause web')).stdout, 'web\n');
    assert.match((await plimsoll('ps')).stdout, /\(Paused\)/);
    assert.equal((await plimsoll('unpause web')).code, 0);
    assert.equal((await plimsoll('update --memory 64m web')).code, 0);
    assert.equal((await plimsoll('rename web site')).code, 0);
    const [details] = JSON.parse((await plimsoll('inspect site')).stdout) as [
      { HostConfig: { Memory: number } },
    ];
    assert.equal(details.HostConfig.Memory, 64 * 1024 ** 2);
    assert.equal((await plimsoll('kill site')).stdout, 'site\n');
    assert.equal((await plimsoll('wait site')).stdout, '137\n');
    assert.equal((await plimsoll('start site')).code, 0);
    assert.equal((await plimsoll('stop -t 0 site')).stdout, 'site\n');
    assert.match((await plimsoll('ps -a')).stdout, /Exited \(137\)/);
    assert.deepEqual(await plimsoll('rm site nosuch'), {
      code: 1,
      stdout: 'site\n',
      stderr: "plimsoll: No such container: nosuch\n'plimsoll ps --all' lists them\n",
    });
  });

  await t.test('logs prints what was written, the last lines of it, with times', async () => {
    await plimsoll('run --name talk --network none busybox sh -c seq~5');
    assert.equal((await plimsoll('logs talk')).stdout, '1\n2\n3\n4\n5\n');
    assert.equal((await plimsoll('logs -n 2 talk')).stdout, '4\n5\n');
    assert.match((await plimsoll('logs -t -n 1 talk')).stdout, /^\d{4}-\d\d-\d\dT[\d:.]+\S* 5\n$/);
    assert.equal((await plimsoll('logs -f talk')).stdout, '1\n2\n3\n4\n5\n');
    assert.equal((await plimsoll('logs nosuch')).code, 1);
    await plimsoll('rm talk');
  });

  await t.test('a name or a mount that cannot be is one sentence, and leaves nothing', async () => {
    await plimsoll('create --name taken busybox');
    const before = (await plimsoll('ps -aq')).stdout;
    for (const [words, message] of [
      ['--name taken busybox', /container name "\/taken" is already in use by container/],
      ['--name b@d busybox', /b@d/],
      ['-v nosuch-folder/x:/x busybox', /cannot mount/],
      ['--mount type=bind,source=/nosuch/folder,target=/x busybox true', /\/nosuch\/folder/],
    ] as const) {
      const { code, stderr } = await run(words);
      assert.equal(code, 125, stderr);
      assert.match(stderr, message);
    }
    assert.equal((await plimsoll('ps -aq')).stdout, before);
    await plimsoll('rm taken');
  });

  await t.test('build makes an image, and says where a Dockerfile is wrong', async () => {
    const context = join(folder, 'context');
    mkdirSync(context);
    writeFileSync(join(context, 'Dockerfile'), 'FROM busybox\nARG V=1\nCOPY file /file\nCMD cat /file\n');
    writeFileSync(join(context, 'file'), 'from a file\n');
    const built = await plimsoll('build -t made --iidfile id context');
    assert.equal(built.code, 0, built.stderr);
    assert.match(built.stderr, /^#\d+ .*COPY file \/file$/m);
    assert.equal(built.stdout, '');
    assert.equal(
      (await plimsoll('build -q context')).stdout,
      `${readFileSync(join(folder, 'id'), 'utf8')}\n`,
    );
    assert.equal((await run('made')).stdout, 'from a file\n');
    assert.match((await plimsoll('images')).stdout, /^made +latest/m);

    writeFileSync(join(context, 'Dockerfile'), 'FROM busybox\nCOPPY file /file\n');
    const wrong = await plimsoll('build context');
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /Dockerfile:2.*COPPY[\s\S]*>>> COPPY file/);
    for (const [words, message] of [
      ['build nowhere', /nowhere/],
      ['build git://127.0.0.1:1/x.git', /cannot be fetched/],
      ['build -f nofile context', /nofile/],
      ['build --target nostage context', /COPPY|nostage/],
    ] as const) {
      const { code, stderr } = await plimsoll(words);
      assert.equal(code, 1);
      assert.match(stderr, message);
    }
    assert.match((await plimsoll('rmi made')).stdout, /^Untagged: made:latest\nDeleted: sha256:/);
    assert.equal((await plimsoll('builder prune')).code, 0);
    chmodSync(context, 0o755);
  });

  await t.test('images, volumes, networks and the system have their listings', async () => {
    await plimsoll('tag busybox two:1.0');
    assert.equal((await plimsoll('images -q')).stdout.split('\n').length, 2, 'an id stands once');
    assert.equal((await plimsoll('rmi two:1.0')).stdout, 'Untagged: two:1.0\n');
    assert.equal((await plimsoll('volume create -l a=b files')).stdout, 'files\n');
    assert.equal((await plimsoll('volume ls -q')).stdout, 'files\n');
    assert.equal((await plimsoll('volume rm files')).stdout, 'files\n');
    assert.match((await plimsoll('network ls')).stdout, /bridge[\s\S]*host[\s\S]*none/);
    assert.match((await plimsoll('system info')).stdout, new RegExp(`Root: +${root.dataDir}`));
    assert.match((await plimsoll('events --since 1h --until 0s')).stdout, /container start [0-9a-f]{64} \(/);
    const check = await plimsoll('system check --deep');
    assert.deepEqual(check, { code: 0, stdout: 'the root is consistent\n', stderr: '' });
  });
});
