import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { noOrdinaryUser, type OrdinaryUser, openOrdinaryUser } from '../support/ordinary-user.ts';

const launcher = resolve(import.meta.dirname, '../../bin/plimsoll');
const skip = noOrdinaryUser();

/** What a user without root has of plimsoll, through the real program. */
describe('an ordinary user', { skip }, () => {
  let opened: OrdinaryUser | undefined;
  const user = () => {
    if (opened !== undefined) return opened;
    opened = openOrdinaryUser();
    opened.plimsoll('image', 'bootstrap');
    return opened;
  };
  after(() => opened?.[Symbol.dispose]());

  test('runs containers as root over numbers of their own, with streams and exit codes', () => {
    const { plimsoll, attempt, uid } = user();
    const map = plimsoll('run', '--rm', '--network', 'none', 'busybox', 'cat', '/proc/self/uid_map');
    assert.match(map, new RegExp(`^\\s+0\\s+${uid}\\s+1\\n\\s+1\\s+\\d+\\s+\\d+\\n$`));
    const own = ['run', '--rm', '--network', 'none', '-u', '1000', 'busybox', 'sh', '-c', 'id -u; exit 7'];
    assert.deepEqual(attempt(...own), { code: 7, stdout: '1000\n', stderr: '' });
    assert.match(plimsoll('run', '--rm', '--network', 'host', 'busybox', 'ip', 'addr'), /lo:/);
    assert.equal(plimsoll('system', 'check'), 'the root is consistent\n');
  });

  test('has volumes, binds of the own files, exec, logs, top, stats, copy, commit, stop and rm', () => {
    const { plimsoll, home, uid } = user();
    const loop = 'trap "exit 5" TERM; echo begun; chown 7:8 /data/file; while :; do sleep 0.1; done';
    writeFileSync(join(home, 'mine'), 'of the user\n', { mode: 0o644 });
    plimsoll('run', '--rm', '--network', 'none', '-v', 'kept:/data', 'busybox', 'touch', '/data/file');
    const mounts = ['-v', 'kept:/data', '-v', `${home}:/home/own`];
    plimsoll('run', '-d', '--name', 'whole', '--network', 'none', ...mounts, 'busybox', 'sh', '-c', loop);
    assert.equal(plimsoll('exec', 'whole', 'cat', '/home/own/mine'), 'of the user\n');
    plimsoll('exec', 'whole', 'sh', '-c', 'echo made > /home/own/made; echo changed > /new');
    assert.equal(readFileSync(join(home, 'made'), 'utf8'), 'made\n');
    assert.match(
      plimsoll('exec', 'whole', 'ls', '-ln', '/home/own/made', '/data/file'),
      / 7 +8 .*\/data\/file\n.* 0 +0 /,
    );
    assert.equal(plimsoll('logs', 'whole'), 'begun\n');
    assert.match(plimsoll('top', 'whole'), /sh -c trap/);
    assert.match(plimsoll('stats', '--no-stream', 'whole'), /whole +\d+\.\d+% +\d/);
    assert.match(plimsoll('diff', 'whole'), /^A \/new$/m);
    plimsoll('cp', 'whole:/new', join(home, 'new'));
    assert.equal(readFileSync(join(home, 'new'), 'utf8'), 'changed\n');
    plimsoll('commit', 'whole', 'kept:1');
    assert.equal(plimsoll('run', '--rm', '--network', 'none', 'kept:1', 'cat', '/new'), 'changed\n');
    plimsoll('stop', 'whole');
    assert.match(plimsoll('ps', '-a'), /Exited \(5\).*whole/);
    plimsoll('rm', '-v', 'whole');
    plimsoll('volume', 'rm', 'kept');
    assert.equal(plimsoll('ps', '-aq'), '');
    assert.ok(uid > 0);
  });

  test('loses no exit code and no restart to a killed plimsoll', async () => {
    const { plimsoll, prefix, env, home } = user();
    const [program = '', ...words] = [
      ...[...prefix, launcher, 'run', '--name', 'lost', '--network', 'none'],
      ...['--restart', 'on-failure:1', 'busybox', 'sh', '-c', 'echo up; sleep 0.5; exit 9'],
    ];
    const child = spawn(program, words, { env, cwd: home, stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    for (let waited = 0; waited < 15_000 && !/Exited/.test(plimsoll('ps', '-a')); waited += 200)
      await sleep(200);
    assert.match(plimsoll('ps', '-a'), /Exited \(9\).*lost/);
    assert.equal(plimsoll('logs', 'lost'), 'up\nup\n');
    plimsoll('rm', 'lost');
  });

  test('builds, with owners, cache mounts and whiteouts, and exports', () => {
    const { plimsoll, home } = user();
    const context = join(home, 'context');
    mkdirSync(context);
    writeFileSync(join(context, 'cargo'), 'timber\n');
    const lines = [
      'FROM busybox',
      'RUN --mount=type=cache,target=/kept --network=none echo one > /one && chown 5:6 /one && rm -r /home',
      'COPY --chown=7:8 cargo /cargo',
      'CMD ["sh", "-c", "ls -ln /one /cargo; ls /home"]',
    ];
    writeFileSync(join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
    plimsoll('build', '-q', '-t', 'hold:1', context);
    const { stdout, code } = user().attempt('run', '--rm', '--network', 'none', 'hold:1');
    assert.match(stdout, / 7 +8 .*\/cargo\n.* 5 +6 .*\/one\n/);
    assert.equal(code, 1, '/home is deleted');
    plimsoll('save', '-o', join(home, 'hold.tar'), 'hold:1');
    plimsoll('rmi', 'hold:1');
    assert.match(plimsoll('load', '-i', join(home, 'hold.tar')), /hold:1/);
    assert.equal(plimsoll('system', 'check'), 'the root is consistent\n');
  });

  test('sees it all in the dashboard', async () => {
    const { plimsoll, dashboard } = user();
    plimsoll('run', '-d', '--name', 'shown', '--network', 'none', 'busybox', 'sleep', '100');
    await using screen = dashboard();
    await screen.see(/shown .*running/s, 20_000);
    plimsoll('rm', '-f', 'shown');
  });

  test('is told what cannot be given: limits, and pausing, without cgroups of the own', {
    skip: ownCgroups(),
  }, () => {
    const { plimsoll, attempt } = user();
    const limited = attempt('run', '--rm', '--network', 'none', '-m', '64m', 'busybox', 'true');
    assert.equal(limited.code, 0);
    assert.match(limited.stderr, /the limits are left out/);
    plimsoll('run', '-d', '--name', 'awake', '--network', 'none', 'busybox', 'sleep', '100');
    assert.match(attempt('pause', 'awake').stderr, /an ordinary user can pause nothing/);
    plimsoll('rm', '-f', 'awake');
  });
});

test('a user without sub-ids runs containers with one user in them, and is told why there are no more', {
  skip: skip || (process.getuid?.() === 0 ? false : 'needs root: to make a user without sub-ids'),
}, () => {
  using user = openOrdinaryUser({ subordinateIds: false });
  user.plimsoll('image', 'bootstrap');
  const map = user.plimsoll('run', '--rm', '--network', 'none', 'busybox', 'cat', '/proc/self/uid_map');
  assert.match(map, new RegExp(`^\\s+0\\s+${user.uid}\\s+1\\n$`));
  const other = user.attempt('run', '--rm', '--network', 'none', '-u', '1000', 'busybox', 'id');
  assert.notEqual(other.code, 0);
  assert.match(other.stderr, /sub-ids/);
  assert.match(user.attempt('doctor').stdout, /usermod --add-subuids/);
});

/** Why this machine may give an ordinary user cgroups; false where it cannot. */
function ownCgroups(): string | false {
  const v2 = /\n\S+ \/sys\/fs\/cgroup cgroup2 /.test(`\n${readFileSync('/proc/mounts', 'utf8')}`);
  return v2 ? 'needs a machine that delegates no cgroups, and this has cgroup v2' : false;
}
