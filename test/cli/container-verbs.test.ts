import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { noEngine, rootOfOwn } from '../support/root-of-own.ts';
import { type CliOptions, runPlimsoll } from '../support/run-cli.ts';

test("docker's flags of the verbs of containers, on a real engine", { skip: noEngine }, async t => {
  await using own = await rootOfOwn();
  const { root, folder } = own;
  const plimsoll = (words: string, options: CliOptions = {}) =>
    runPlimsoll(
      words.split(' ').map(word => word.replaceAll('~', ' ')),
      { root, cwd: folder, ...options },
    );
  const ok = async (words: string, options: CliOptions = {}) => {
    const result = await plimsoll(words, options);
    assert.equal(result.code, 0, `${words}: ${result.stderr}`);
    return result.stdout;
  };
  const names = async (words: string) => (await ok(`${words} --format table~Names`)).split('\n').slice(1, -1);

  await t.test('ps filters, counts and sizes as docker does', async () => {
    await ok('create --name first --network none -l team=a -v files:/srv busybox true');
    await ok('run -d --name second --network none -l team=b busybox sleep 100');
    await ok('run --name third --network host busybox sh -c head~-c~100000~/dev/zero>/big;exit~3').catch(
      () => {},
    );
    await ok('tag busybox other:1');
    assert.deepEqual(await names('ps'), ['second']);
    assert.deepEqual(await names('ps -a'), ['third', 'second', 'first']);
    assert.deepEqual(await names('ps -n 2'), ['third', 'second']);
    assert.deepEqual(await names('ps -l'), ['third']);
    const cases = {
      'name=^second$': ['second'],
      'name=^/second$': ['second'],
      'name=ir': ['third', 'first'],
      'name=[': [],
      'status=created': ['first'],
      'exited=3': ['third'],
      'exited=0': [],
      'label=team': ['second', 'first'],
      'label=team=a': ['first'],
      'before=second': ['first'],
      'since=second': ['third'],
      'network=host': ['third'],
      'volume=files': ['first'],
      'volume=/srv': ['first'],
      'ancestor=busybox': ['third', 'second', 'first'],
      'ancestor=other:1': ['third', 'second', 'first'],
      'ancestor=nosuch': [],
      'health=none': ['third', 'second', 'first'],
      'is-task=false': ['third', 'second', 'first'],
      'is-task=true': [],
      'expose=65000': [],
    };
    for (const [filter, expected] of Object.entries(cases))
      assert.deepEqual(await names(`ps -a --filter ${filter}`), expected, filter);
    for (const wrong of ['status=nosuch', 'nosuch=x', 'before=nosuch'])
      assert.equal((await plimsoll(`ps -a --filter ${wrong}`)).code, 1, wrong);
    assert.match(await ok('ps -as --filter name=third'), /third +10\dkB \(virtual \d+(\.\d+)?MB\)/);
    assert.match(
      await ok('ps -a --filter name=third --format {{.Size}}'),
      /^10\dkB \(virtual /,
      'asked for by its field',
    );
    const whole = await ok('ps -q --no-trunc');
    assert.match(whole, /^[0-9a-f]{64}\n$/);
    const [details] = JSON.parse(await ok('inspect -s third')) as [{ SizeRw: number }];
    assert.ok(details.SizeRw >= 100_000);
  });

  await t.test('top shows what ps shows of the processes', async () => {
    const lines = (await ok('top second -o pid,args')).split('\n');
    assert.match(lines[0] ?? '', /^PID +COMMAND$/);
    assert.match(lines[1] ?? '', /^\d+ +sleep 100$/);
    assert.equal(lines.length, 3);
    assert.match(await ok('top second aux'), /^USER/);
    assert.match((await plimsoll('top second -o args')).stderr, /leave out the PID/);
    assert.match((await plimsoll('top second --nosuch')).stderr, /ps refuses/);
    assert.match((await plimsoll('top first')).stderr, /"first" is not running but \w+\nstart it first/);
  });

  await t.test('exec says what is wrong with its folder and its terminal', async () => {
    for (const [line, words] of [
      ['exec -w nosuch second pwd', /"nosuch" is not absolute/],
      ['exec -w /nosuch second pwd', /no working folder "\/nosuch"/],
      ['exec -it second pwd', /not a terminal/],
    ] as const)
      assert.match((await plimsoll(line)).stderr, words, line);
  });

  await t.test('exec runs in the background, as another user, elsewhere, with more rights', async () => {
    assert.equal(await ok('exec -d second sh -c id~-u>/tmp/who;pwd>>/tmp/who;echo~$A>>/tmp/who'), '');
    const ran = async (path: string, lines: number) => {
      for (;;) {
        const { code, stdout } = await plimsoll(`exec second cat ${path}`);
        if (code === 0 && stdout.split('\n').length > lines) return stdout;
        await sleep(20);
      }
    };
    assert.equal(await ran('/tmp/who', 3), '0\n/\n\n');
    await ok('exec second chmod 777 /tmp');
    await ok('exec -d -e A=1 -u 1000:7 -w /tmp second sh -c (id;pwd;echo~$A)>you');
    assert.equal(await ran('/tmp/you', 3), 'uid=1000 gid=7 groups=7(lp)\n/tmp\n1\n'.replace('(lp)', ''));
    const caps = async (flags: string) =>
      BigInt(
        `0x${/([0-9a-f]{16})/.exec(await ok(`exec ${flags}second grep CapEff /proc/self/status`))?.[1]}`,
      );
    assert.ok((await caps('--privileged ')) > (await caps('')));
    assert.equal((await plimsoll('exec -d second /nosuch')).code, 127);
    assert.equal((await plimsoll('exec second /etc')).code, 126);
    assert.equal((await plimsoll('exec first true')).code, 1);
  });

  await t.test('rename and wait of several; stop with a signal of choice', async () => {
    await ok('run -d --name one --network none busybox sh -c trap~"exit~5"~USR1;while~:;do~sleep~0.05;done');
    await ok('run -d --name two --network none busybox sh -c sleep~0.5;exit~6');
    const waiting = plimsoll('wait one two');
    await ok('rename one uno');
    assert.equal((await plimsoll('rename uno two')).code, 1);
    assert.equal(await ok('stop -s USR1 uno'), 'uno\n');
    assert.deepEqual(await waiting, { code: 0, stdout: '5\n6\n', stderr: '' });
    assert.equal((await plimsoll('stop -s NOSUCH two')).code, 1);
    assert.equal((await plimsoll('stop -t x two')).code, 1);
    await ok('rm two uno');
  });

  await t.test('rm -f of what is not there is no failure, rm is one', async () => {
    const forced = await plimsoll('rm -f nosuch');
    assert.deepEqual([forced.code, forced.stdout], [0, '']);
    assert.match(forced.stderr, /No such container: nosuch/);
    assert.equal((await plimsoll('rm nosuch')).code, 1);
  });

  await t.test('attach passes signals on, or leaves the container with them', async () => {
    const script = 'trap~"echo~got;exit~9"~INT;echo~ready;while~:;do~sleep~0.05;done';
    await ok(`run -d --name sig --network none busybox sh -c ${script}`);
    let send = () => {};
    const onStart: CliOptions['onStart'] = signals => {
      send = () => signals.emit('SIGINT', 'SIGINT');
    };
    const ready = async () => {
      while (!(await ok('logs sig')).includes('ready')) await sleep(20);
    };
    await ready();
    const leaving = plimsoll('attach --sig-proxy=false sig', { onStart });
    const attached = async (count: number) => {
      const seen = async () => (await ok('events --since 1h --until 0s')).match(/container attach/g)?.length;
      while ((await seen()) !== count) await sleep(20);
      await sleep(50);
    };
    await attached(1);
    send();
    assert.equal((await leaving).code, 0);
    const staying = plimsoll('attach sig', { onStart });
    await attached(2);
    send();
    assert.deepEqual(await staying, { code: 9, stdout: 'got\n', stderr: '' });
    assert.equal((await plimsoll('attach sig')).code, 1);
    assert.equal((await plimsoll('attach --detach-keys ctrl-1 sig')).code, 1);
    assert.equal((await plimsoll('start -a sig second')).code, 1);
    await ok('rm sig');
  });

  await t.test('container prune keeps what its filters do not name', async () => {
    assert.match(await ok('container prune --filter label=team=x'), /^Total reclaimed space: 0B\n$/);
    assert.match(await ok('container prune --filter until=1h'), /^Total reclaimed space: 0B\n$/);
    await ok('container prune --filter label!=team');
    assert.deepEqual(await names('ps -a'), ['second', 'first']);
    await ok('container prune -f');
    assert.deepEqual(await names('ps -a'), ['second']);
  });
});
