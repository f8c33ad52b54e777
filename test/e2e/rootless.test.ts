import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { findExecutable } from '../../src/engine/kernel/index.ts';
import { noOrdinaryUser, type OrdinaryUser, openOrdinaryUser } from '../support/ordinary-user.ts';
import { openTerminal } from '../support/terminal.ts';

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

  test('has a command on a terminal, and leaves it running by keys', async () => {
    const { plimsoll, prefix, launcher, env } = user();
    plimsoll('run', '-d', '--name', 'on', '--network', 'none', 'busybox', 'sleep', '1000');
    // The runtime sets the size of a terminal a moment after the command has begun.
    const script =
      'while [ "$(stty size 2>/dev/null)" != "20 90" ]; do sleep 0.05; done; echo sized; while [ ! -e /go ]; do sleep 0.05; done; echo over; touch /gone; exit 4';
    const enter = () =>
      openTerminal([...prefix, launcher, 'exec', '-it', 'on', 'sh', '-c', script], {
        columns: 90,
        rows: 20,
        env,
      });
    {
      await using left = enter();
      await left.see(/sized/);
      left.type('\u0010\u0011');
      assert.equal((await left.exit()).exitCode, 0);
    }
    await using seen = enter();
    await seen.see(/sized/);
    plimsoll('exec', 'on', 'touch', '/go');
    assert.equal((await seen.exit()).exitCode, 4);
    assert.match(seen.text(), /over/);
    plimsoll('exec', 'on', 'test', '-e', '/gone');
    plimsoll('rm', '-f', 'on');
  });

  test('has volumes, binds of the own files, exec, logs, top, stats, copy, commit, stop and rm', () => {
    const { plimsoll, attempt, home, name, uid } = user();
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
    const made = attempt('run', '--rm', '--network', 'none', '-v', `${home}/mine.d:/x`, 'busybox', 'true');
    assert.equal(made.code, 0, made.stderr);
    assert.ok(
      made.stderr.includes(`made the folder "${home}/mine.d", which was not there; it belongs to ${name}\n`),
    );
    assert.equal(statSync(join(home, 'mine.d')).uid, uid);
    plimsoll('stop', 'whole');
    assert.match(plimsoll('ps', '-a'), /Exited \(5\).*whole/);
    plimsoll('rm', '-v', 'whole');
    plimsoll('volume', 'rm', 'kept');
    assert.equal(plimsoll('ps', '-aq'), '');
    assert.ok(uid > 0);
  });

  test('loses no exit code and no restart to a killed plimsoll', async () => {
    const { plimsoll, prefix, launcher, env, home } = user();
    const [program = '', ...words] = [
      ...[...prefix, launcher, 'run', '--name', 'lost', '--network', 'none'],
      ...['--restart', 'on-failure:1', 'busybox', 'sh', '-c', 'echo up; sleep 0.5; exit 9'],
    ];
    const child = spawn(program, words, { env, cwd: home, stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    for (let waited = 0; waited < 120_000 && !/Exited/.test(plimsoll('ps', '-a')); waited += 200)
      await sleep(200);
    assert.match(plimsoll('ps', '-a'), /Exited \(9\).*lost/);
    assert.equal(plimsoll('logs', 'lost'), 'up\nup\n');
    plimsoll('rm', 'lost');
  });

  test('finds what runs again after the process that holds the namespaces was killed', () => {
    const { plimsoll, holder } = user();
    plimsoll('run', '-d', '--name', 'stays', '--network', 'none', 'busybox', 'sleep', '1000');
    const before = holder();
    process.kill(before, 'SIGKILL');
    assert.equal(plimsoll('exec', 'stays', 'echo', 'here'), 'here\n');
    assert.notEqual(holder(), before);
    plimsoll('rm', '-f', 'stays');
    assert.equal(plimsoll('system', 'check'), 'the root is consistent\n');
  });

  test('begins in the namespaces at once where an earlier call has left word of them, and what is meant for another engine stays outside', () => {
    const { plimsoll, attempt, home, env } = user();
    plimsoll('ps');
    const entry = join(env.XDG_RUNTIME_DIR ?? '', 'plimsoll/entry');
    const word = readFileSync(entry, 'utf8');
    const [calls, spy] = [join(home, 'calls'), join(home, 'spy')];
    writeFileSync(spy, `#!/bin/sh\necho "$@" >> ${calls}\nexec nsenter "$@"\n`, { mode: 0o755 });
    const spied = word.replace(/^\S+/, spy);
    writeFileSync(entry, spied);
    const count = () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n').length : 0);
    plimsoll('ps');
    assert.equal(plimsoll('run', '--rm', '--network', 'none', 'busybox', 'id', '-u'), '0\n');
    assert.equal(count(), 2);
    assert.match(attempt('-H', 'unix:///nowhere', 'ps').stderr, /there is no socket/);
    mkdirSync(join(home, '.config/plimsoll'), { recursive: true });
    writeFileSync(join(home, '.config/plimsoll/context'), 'default\n');
    plimsoll('ps');
    assert.equal(count(), 2, 'a context was chosen: it goes by itself');
    rmSync(join(home, '.config/plimsoll'), { recursive: true });
    assert.equal(readFileSync(entry, 'utf8'), word, 'and leaves word anew');
    writeFileSync(entry, spied.replace(/ \d+ /, ` ${process.pid} `));
    plimsoll('ps');
    assert.equal(count(), 2, 'not the process that it was');
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

  test('publishes ports, finds containers by name, and has networks, without a process left over', async () => {
    const { plimsoll, attempt, home } = user();
    const serve = 'mkdir /w; echo hello > /w/index.html; exec httpd -f -p 80 -h /w';
    plimsoll('network', 'create', 'quay');
    plimsoll(
      'run',
      '-d',
      '--name',
      'web',
      '--network',
      'quay',
      '-p',
      '127.0.0.1::80',
      'busybox',
      'sh',
      '-c',
      serve,
    );
    const [, port = ''] = /127\.0\.0\.1:(\d+)/.exec(plimsoll('port', 'web')) ?? [];
    assert.equal(await fetched(`http://127.0.0.1:${port}/`), 'hello\n');
    await assert.rejects(fetch(`http://127.0.0.2:${port}/`), 'no more is open than was asked for');
    const asked = plimsoll('run', '--rm', '--network', 'quay', 'busybox', 'wget', '-qO-', 'http://web/');
    assert.equal(asked, 'hello\n');
    const taken = attempt('run', '--rm', '-p', `127.0.0.1:${port}:80`, 'busybox', 'true');
    assert.match(taken.stderr, new RegExp(`port ${port}/tcp is in use`));
    const more = ['-p', '127.0.0.1::80', '-p', '127.0.0.1::53/udp'];
    plimsoll('run', '-d', '--name', 'second', '--network', 'quay', ...more, 'busybox', 'sleep', '1000');
    const forwarders = forwardersOf(home);
    assert.equal(forwarders.length, 1, 'one process for all of them');
    process.kill(forwarders[0] ?? 0, 'SIGKILL');
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`));
    plimsoll('ps'); // any call brings it back
    assert.equal(await fetched(`http://127.0.0.1:${port}/`), 'hello\n');
    plimsoll('restart', '-t', '0', 'web');
    const [, again = ''] = /127\.0\.0\.1:(\d+)/.exec(plimsoll('port', 'web')) ?? [];
    assert.equal(await fetched(`http://127.0.0.1:${again}/`), 'hello\n');
    plimsoll('rm', '-f', 'web', 'second');
    plimsoll('network', 'rm', 'quay');
    for (let waited = 0; waited < 120_000 && forwardersOf(home).length > 0; waited += 200) await sleep(200);
    assert.deepEqual(forwardersOf(home), [], 'it goes when nobody needs it');
    assert.equal(plimsoll('system', 'check'), 'the root is consistent\n');
  });

  test('shows a server in a container the address of its client, of TCP and UDP, but that of the loopback', {
    skip: noClientElsewhere(),
  }, async () => {
    const { plimsoll } = user();
    using elsewhere = openElsewhere();
    const node = ['-v', `${process.execPath}:/node:ro`, '-v', '/lib:/lib:ro', '-v', '/lib64:/lib64:ro'];
    const serve = `
      const say = s => s.on('error', () => {}).end(s.remoteAddress);
      const reply = function (_, from) { this.send(from.address, from.port, from.address); };
      for (const [host, type] of [['0.0.0.0', 'udp4'], ['::', 'udp6']]) {
        require('net').createServer(say).listen({ port: 80, host, ipv6Only: true }, () => console.log('up'));
        require('dgram').createSocket({ type, ipv6Only: host === '::' }).on('message', reply).bind(53, () => console.log('up'));
      }`;
    const ports = ['-p', ':17580:80', '-p', ':17553:53/udp'];
    plimsoll('network', 'create', '--ipv6', 'sight');
    plimsoll(
      ...['run', '-d', '--name', 'asked', '--network', 'sight', ...node, ...ports],
      ...['busybox', '/node', '-e', serve],
    );
    for (let said = ''; said !== 'up\n'.repeat(4); said = plimsoll('logs', 'asked')) {
      assert.doesNotMatch(said, /Error/);
      await sleep(100);
    }
    for (const { here, there } of elsewhere.ways) {
      assert.equal(elsewhere.ask('tcp', here, 17580), there);
      assert.equal(elsewhere.ask('udp', here, 17553), there);
      const many = elsewhere.ask('tcp', here, 17580, 300).split(' ');
      assert.deepEqual([many.length, ...new Set(many)], [300, there]);
    }
    const near = askFor('tcp', '127.0.0.1', 17580, 1);
    const own = execFileSync(process.execPath, ['-e', near], { encoding: 'utf8' });
    assert.match(own, /^\d+\.\d+\.\d+\.1$/, 'the gateway stands for the loopback');
    const itself = `require('net').connect(80, '127.0.0.1').pipe(process.stdout)`;
    assert.equal(plimsoll('exec', 'asked', '/node', '-e', itself), '127.0.0.1');
    plimsoll('rm', '-f', 'asked');
    plimsoll('network', 'rm', 'sight');
  });

  test('sees it all in the dashboard', async () => {
    const { plimsoll, dashboard } = user();
    plimsoll('run', '-d', '--name', 'shown', '--network', 'none', 'busybox', 'sleep', '100');
    await using screen = dashboard();
    await screen.see(/shown .*running/s);
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

test("an ordinary user reaches the world by pasta where /dev/net/tun may be opened, and containers' ports by the machine's addresses, and is told why where it may not", {
  skip: skip || noUplink(),
}, () => {
  using user = openOrdinaryUser();
  user.plimsoll('image', 'bootstrap');
  const without = user.attempt('run', '--rm', 'busybox', 'true');
  assert.equal(without.code, 0);
  if ((statSync('/dev/net/tun').mode & 0o6) === 0)
    assert.match(without.stderr, /no way out of this machine: .*\/dev\/net\/tun/);
  user.end();
  user.plimsoll('ps');
  using world = openWorld(user.holder());
  const asked = ['--add-host', `world:${world.address}`, 'busybox', 'wget', '-qO-', 'http://world:7000/'];
  assert.deepEqual(user.attempt('run', '--rm', ...asked), { code: 0, stdout: 'the world\n', stderr: '' });

  const serve = 'mkdir /w; echo hello > /w/index.html; exec httpd -f -p 80 -h /w';
  const run = ['run', '-d', '--network', 'quay'];
  user.plimsoll('network', 'create', 'quay');
  user.plimsoll(...run, '--name', 'web', '-p', '0.0.0.0::80', 'busybox', 'sh', '-c', serve);
  user.plimsoll(...run, '--name', 'neighbour', 'busybox', 'sleep', '1000');
  user.plimsoll('run', '-d', '--name', 'stranger', 'busybox', 'sleep', '1000');
  const port = user.plimsoll('port', 'web').trim().split(':')[1];
  for (const address of [world.near, ...addressOnTheWayOut()])
    for (const from of ['web', 'neighbour', 'stranger']) {
      const fetch = `until wget -qO- http://${address}:${port}/; do sleep 0.1; done`;
      assert.equal(user.plimsoll('exec', from, 'sh', '-c', fetch), 'hello\n', `${from} by ${address}`);
    }
});

test('a user without sub-ids runs containers with one user in them, and is told why there are no more', {
  skip: skip || (process.getuid?.() === 0 ? false : 'needs root: to make a user without sub-ids'),
}, async () => {
  using user = openOrdinaryUser({ subordinateIds: false });
  user.plimsoll('image', 'bootstrap');
  const seen = () =>
    user.plimsoll('run', '--rm', '--network', 'none', 'busybox', 'cat', '/proc/self/uid_map');
  assert.match(seen(), new RegExp(`^\\s+0\\s+${user.uid}\\s+1\\n$`));
  const other = user.attempt('run', '--rm', '--network', 'none', '-u', '1000', 'busybox', 'id');
  assert.notEqual(other.code, 0);
  assert.match(other.stderr, /sub-ids/);
  user.plimsoll('run', '-d', '--name', 'alone', '--network', 'none', 'busybox', 'sleep', '1000');
  assert.match(
    user.attempt('exec', '-u', '1000', 'alone', 'id').stderr,
    /^plimsoll: the user 1000:0 cannot be had/,
  );
  assert.match(user.plimsoll('exec', 'alone', 'id'), /uid=0/);
  user.plimsoll('rm', '-f', 'alone');
  const owned = user.attempt('run', '--rm', '--network', 'none', '--tmpfs', '/x:uid=7', 'busybox', 'true');
  assert.match(
    owned.stderr,
    /^plimsoll: the tmpfs "\/x" cannot have uid=7: you have no sub-ids to give away\n/,
  );
  const build = (line: string) => {
    writeFileSync(join(user.home, 'Dockerfile'), `FROM busybox\n${line}\n`);
    return user.attempt('build', '-q', user.home).stderr;
  };
  const ownerless = /a file cannot be given to another owner: you have no sub-ids .*doctor/s;
  assert.match(build('COPY --chown=7:8 Dockerfile /file'), ownerless);
  assert.match(build('USER nobody\nWORKDIR /own'), ownerless);
  assert.match(
    build('RUN --network=none chown 7:8 /bin'),
    /there is nobody but root, as you have no sub-ids/,
  );
  assert.match(user.attempt('doctor').stdout, /usermod --add-subuids/);

  const ranges = ['--add-subuids', '1700000-1765535', '--add-subgids', '1700000-1765535'];
  execFileSync('usermod', [...ranges, user.name]);
  // What looked after the last container in the old namespaces goes within five seconds: those hold it until then.
  let grown = seen();
  for (const end = Date.now() + 120_000; !/1700000/.test(grown) && Date.now() < end; grown = seen())
    await sleep(6000);
  assert.match(grown, /\n\s+1\s+1700000\s+65536\n$/, 'given later, they are used once nothing runs any more');
});

/** Why this machine may give an ordinary user cgroups; false where it cannot. */
function ownCgroups(): string | false {
  const v2 = /\n\S+ \/sys\/fs\/cgroup cgroup2 /.test(`\n${readFileSync('/proc/mounts', 'utf8')}`);
  return v2 ? 'needs a machine that delegates no cgroups, and this has cgroup v2' : false;
}

async function fetched(url: string): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await (await fetch(url)).text();
    } catch (error) {
      if (attempt === 600) throw error;
      await sleep(100); // the server is about to listen
    }
  }
}

/** The processes that publish ports of the home. */
function forwardersOf(home: string): number[] {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  return pids
    .filter(pid => {
      const line = commandLine(pid);
      return line.includes('internal forward') && line.includes(join(home, '..'));
    })
    .map(Number);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function noUplink(): string | false {
  if (process.getuid?.() !== 0) return 'needs root: for a world of its own, and a device for everybody';
  if (!existsSync('/dev/net/tun')) return 'needs /dev/net/tun';
  return findExecutable('pasta') === undefined ? 'needs pasta' : false;
}

function noClientElsewhere(): string | false {
  if (process.getuid?.() !== 0) return 'needs root: for a client elsewhere';
  return existsSync('/proc/net/if_inet6') ? false : 'needs IPv6';
}

/** A program that asks a server so many times at once what it sees, and prints the answers. */
function askFor(protocol: 'tcp' | 'udp', host: string, port: number, times: number): string {
  const once =
    protocol === 'tcp'
      ? `require('net').connect(${port}, '${host}').on('data', done)`
      : `(s => s.on('message', m => (s.close(), done(m))).send('?', ${port}, '${host}'))(require('dgram').createSocket('${host.includes(':') ? 'udp6' : 'udp4'}'))`;
  const ask = `new Promise(done => ${once}).then(String)`;
  return `Promise.all(Array.from({ length: ${times} }, () => ${ask})).then(all => process.stdout.write(all.join(' ')))`;
}

/** A client with an address of each kind of its own, in a network namespace. */
function openElsewhere() {
  const name = `plc${process.pid}`;
  const sh = (line: string) => execFileSync('sh', ['-ec', line], { env: { ...process.env, name } });
  sh('ip netns add $name; ip link add $name type veth peer name out netns $name');
  sh('ip addr add 198.18.9.1/30 dev $name; ip link set $name up');
  sh('ip -n $name addr add 198.18.9.2/30 dev out; ip -n $name link set out up');
  sh('ip addr add 2001:db8:9::1/64 dev $name nodad; ip -n $name addr add 2001:db8:9::2/64 dev out nodad');
  return {
    /** The machine's address on the way to it, and its own. */
    ways: [
      { here: '198.18.9.1', there: '198.18.9.2' },
      { here: '2001:db8:9::1', there: '2001:db8:9::2' },
    ],
    /** What the machine's port answers. */
    ask(protocol: 'tcp' | 'udp', host: string, port: number, times = 1): string {
      const program = askFor(protocol, host, port, times);
      const words = ['netns', 'exec', name, process.execPath, '-e', program];
      return execFileSync('ip', words, { encoding: 'utf8', timeout: 120_000 });
    },
    [Symbol.dispose]() {
      sh('ip link del $name; ip netns del $name');
    },
  };
}

/** The machine's address by which it reaches the world, if it does: pasta has it too, so that nothing is sent to it. */
function addressOnTheWayOut(): string[] {
  const { stdout } = spawnSync('ip', ['-4', 'route', 'get', '203.0.113.1'], { encoding: 'utf8' });
  return /\bsrc (\S+)/.exec(stdout)?.slice(1) ?? [];
}

/** A machine to reach, in a network namespace, from an address of this one's (`near`); and /dev/net/tun for everybody, in the mounts of `holder` alone. */
function openWorld(holder: number): Disposable & { readonly address: string; readonly near: string } {
  const name = `plw${process.pid}`;
  const sh = (line: string) => execFileSync('sh', ['-ec', line], { env: { ...process.env, name } });
  const device = `/var/tmp/${name}.tun`;
  sh(
    `mknod ${device} c 10 200; chmod 666 ${device}; nsenter -t ${holder} -m mount --bind ${device} /dev/net/tun`,
  );
  sh('ip netns add $name; ip link add $name type veth peer name world netns $name');
  sh('ip addr add 198.18.7.1/30 dev $name; ip link set $name up');
  sh('ip -n $name addr add 198.18.7.2/30 dev world; ip -n $name link set world up');
  const serve =
    "require('http').createServer((_, r) => r.end('the world\\n')).listen(7000, () => console.log('up'))";
  const server = spawn('ip', ['netns', 'exec', name, process.execPath, '-e', serve], { stdio: 'ignore' });
  for (
    let waited = 0;
    waited < 50 && spawnSync('sh', ['-c', `ip netns exec ${name} ss -ltn | grep -q 7000`]).status !== 0;
    waited++
  )
    spawnSync('sleep', ['0.1']);
  return {
    address: '198.18.7.2',
    near: '198.18.7.1',
    [Symbol.dispose]() {
      server.kill('SIGKILL');
      sh(`ip link del $name; ip netns del $name; rm ${device}`);
    },
  };
}
