import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { noSmallDisk, openSmallDisk } from '../support/small-disk.ts';
import { callers, cannotRun, type Home, openHome } from './dashboard.ts';

const launcher = resolve(import.meta.dirname, '../../bin/plimsoll');
const skip = cannotRun();

/** What a user may get wrong, or find broken, through the real program: a sentence, what to do, and nothing half-made. */
describe('bad input', { skip: skip ?? false }, () => {
  let home: Home | undefined;
  const atHome = () => {
    home ??= openHome();
    return home;
  };
  after(() => home?.[Symbol.dispose]());

  const refused = (args: string[], code: number, words: RegExp, lines = 2) =>
    assertRefused(atHome(), args, code, words, lines);

  test('a build of nothing, of a file, of a Dockerfile that is empty, rubbish, too large or wrong', () => {
    const context = join(atHome().folder, 'context');
    mkdirSync(context);
    const file = (name: string, content: string | Buffer) => {
      writeFileSync(join(context, name), content);
      return ['build', '-f', join(context, name), context];
    };
    refused(
      ['build', '/nonexistent'],
      1,
      /the build context "\/nonexistent" does not exist\nname the folder/,
    );
    refused(['build', '/etc/passwd'], 1, /"\/etc\/passwd" is not a folder/);
    refused(['build', context], 1, /the Dockerfile ".*Dockerfile" does not exist\nput one into/);
    refused(file('empty', ''), 1, /empty:1: the Dockerfile has no instructions/, 8);
    const rubbish = Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i * 7919 + (i >> 3)) % 256));
    refused(file('rubbish', rubbish), 1, /is not an instruction/, 40);
    refused(
      file('large', `FROM busybox\n${'ENV A=b\n'.repeat(1_250_000)}`),
      1,
      /larger than 1 MiB\nname the right file/,
    );
    refused(
      file('wrong', 'FROM busybox\nRUNN true\n'),
      1,
      /wrong:2: "RUNN" is not an instruction.*did you mean RUN/s,
      8,
    );
    refused(file('long', `FROM busybox\nRUNN ${'x'.repeat(100_000)}\n`), 1, /x{300}…\n/, 8);
    refused(
      [...file('good', 'FROM busybox\nRUN echo it ran\n'), '-t', 'BAD NAME'],
      1,
      /^plimsoll: "BAD NAME" is not an image ref/,
    );
  });

  test('a port that a process, a container or another root has', async () => {
    const { plimsoll } = atHome();
    const server = createServer().listen(0, '0.0.0.0').unref();
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    refused(
      ['run', '--rm', '-p', `${port}:80`, 'busybox', 'true'],
      125,
      new RegExp(`port ${port}/tcp is in use by process ${process.pid}`),
    );
    server.close();
    await once(server, 'close');
    const taken = ['run', '--rm', '-p', `${port}:80`, 'busybox', 'true'];
    plimsoll('run', '-d', '--name', 'holder', '-p', `${port}:80`, 'busybox', 'sleep', '1000');
    const { code, stderr } = atHome().attempt(...taken);
    assert.equal(code, 125);
    assert.match(stderr, /is in use by container "holder"\npublish another/);
    {
      using other = openHome();
      const { code: theirs, stderr: said } = other.attempt(...taken);
      assert.equal(theirs, 125);
      assert.match(said, /is in use by another plimsoll root/);
    }
    plimsoll('rm', '-f', 'holder');
  });

  test('a root that is a file, on a read-only disk, of rubbish, damaged, or newer', {
    skip: noSmallDisk('tmpfs'),
  }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'plb-'));
    const says = (root: string, words: RegExp) => {
      const { status, stderr } = spawnSync(launcher, ['--root', root, 'images'], {
        encoding: 'utf8',
        timeout: 120_000,
      });
      assert.equal(status, 1, stderr);
      assert.match(stderr, words);
      sentence(stderr, 2);
    };
    says(
      '/etc/passwd',
      /cannot create the root "\/etc\/passwd": (it|a part of its path) is not a folder\nchoose/,
    );
    says('/proc/plimsoll', /cannot create the root "\/proc\/plimsoll"\nchoose/);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', folder]);
    says(join(folder, 'root'), /: its file system is read-only\nchoose/);
    execFileSync('umount', [folder]);
    const root = join(folder, 'root');
    spawnSync(launcher, ['--root', root, 'images']);
    const database = join(root, 'plimsoll.db');
    const sql = (words: string) =>
      execFileSync(
        process.execPath,
        [
          '-e',
          `new (require('node:sqlite').DatabaseSync)(process.argv[1]).exec(process.argv[2])`,
          database,
          words,
        ],
        { stdio: 'pipe' },
      );
    sql('PRAGMA user_version = 99');
    says(root, /was made by a newer plimsoll\nupgrade this plimsoll/);
    writeFileSync(database, 'no database at all, but long enough to be taken for one '.repeat(100));
    says(root, /is not a database\nchoose another root/);
    rmSync(folder, { recursive: true });
  });

  test('a missing host tool is named, and leaves no container behind', () => {
    const { folder, plimsoll } = atHome();
    plimsoll('network', 'create', 'fresh'); // its bridge is down; one that is up would need neither ip nor nft
    const missing: [string[], RegExp][] = [
      [['ip'], /"ip" is not installed/],
      [['nft'], /"nft" is not installed/],
      [['crun', 'runc'], /neither crun nor runc is installed/],
      [['conmon'], /"conmon" is not installed/],
    ];
    for (const [tools, words] of missing) {
      const { status, stderr } = without(tools, [
        '--root',
        join(folder, 'root'),
        'run',
        '--rm',
        '--network=fresh',
        '--publish=80',
        'busybox',
        'true',
      ]);
      assert.equal(status, 125, stderr);
      assert.match(stderr, words);
      assert.match(stderr, /plimsoll doctor/);
      sentence(stderr, 2);
      assert.equal(plimsoll('ps', '-aq'), '');
    }
    assert.equal(plimsoll('system', 'check'), 'the root is consistent\n');
  });

  test('a context with a socket, a fifo, and what may not be read', async () => {
    const { folder, plimsoll } = atHome();
    const context = join(folder, 'odd');
    mkdirSync(join(context, 'locked'), { recursive: true });
    execFileSync('mkfifo', [join(context, 'fifo')]);
    const server = createServer().listen(join(context, 'socket')).unref();
    await once(server, 'listening');
    writeFileSync(join(context, 'secret'), 'for root only');
    chmodSync(join(context, 'secret'), 0o000);
    writeFileSync(join(context, 'Dockerfile'), 'FROM busybox\nCOPY . /odd\nRUN ls /odd > /list\n');
    plimsoll('build', '-t', 'odd', context);
    server.close();
    assert.equal(
      plimsoll('run', '--rm', '--network', 'none', 'odd', 'cat', '/list'),
      'Dockerfile\nfifo\nlocked\nsecret\n',
    );
    assert.equal(plimsoll('system', 'check'), 'the root is consistent\n');
  });
});

for (const { who, skip } of callers) {
  test(`names that are taken, missing, or full of escape sequences, by ${who}`, { skip }, () => {
    using home = openHome(who);
    const { plimsoll, attempt } = home;
    const refused = (args: string[], code: number, words: RegExp, lines = 2) =>
      assertRefused(home, args, code, words, lines);
    plimsoll('create', '--name', 'taken', 'busybox');
    refused(
      ['create', '--name', 'taken', 'busybox'],
      1,
      /name "\/taken" is already in use by container "[0-9a-f]{12}"[^\n]*\nchoose another/,
    );
    plimsoll('rm', 'taken');
    refused(['run', 'nosuch'], 125, /there is no image "nosuch"/);
    const evil = 'evil\u001b[31mred\u001b]0;title\u0007';
    for (const args of [
      ['run', evil],
      ['tag', 'busybox', evil],
      ['stop', evil],
      ['run', '--name', evil, 'busybox'],
      [evil],
    ]) {
      const { code, stderr } = attempt(...args);
      assert.notEqual(code, 0);
      assert.match(stderr, /\bevilred\b/);
      assert.doesNotMatch(stderr, /[\u0000-\u0009\u000b-\u001f]/);
    }
    refused(
      ['run', '--rm', '--network', 'none', 'busybox', 'no\nsuch'],
      127,
      /does not exist in the container/,
      3,
    );
  });

  test(`a full disk: a build of ${who}, a container and its log say so, and all can be taken away again`, {
    skip: skip || noSmallDisk('tmpfs'),
  }, async () => {
    using disk = openSmallDisk('tmpfs', 40);
    using home = openHome(who, { disk });
    const { folder, attempt, plimsoll } = home;
    const context = join(folder, 'big');
    mkdirSync(context);
    writeFileSync(join(context, 'big'), Buffer.alloc(48 * 1024 * 1024, 'x'));
    execFileSync('tar', ['-C', context, '-cf', join(context, 'big.tar'), 'big']);
    const used = disk.usedBytes();
    for (const step of ['COPY big /big', 'ADD big.tar /', 'RUN dd if=/dev/zero of=/big bs=1M count=60']) {
      writeFileSync(join(context, 'Dockerfile'), `FROM busybox\n${step}\n`);
      const { code, stderr } = attempt('build', '-t', 'big', context);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /No space left on device|the disk is full/, step);
      assert.match(stderr, /free (some )?space/, step);
      assert.doesNotMatch(stderr, /^ {4}at |ENOSPC|suppressed/m);
      assert.ok(disk.usedBytes() - used < 512 * 1024, `${step} left ${disk.usedBytes() - used} bytes`);
      assert.equal(plimsoll('system', 'check'), 'the root is consistent\n');
    }
    const words = 'yes "$(head -c 4000 /dev/zero | tr "\\0" x)"';
    plimsoll('run', '-d', '--name', 'talker', '--network', 'none', 'busybox', 'sh', '-c', words);
    while (disk.usedBytes() < 39.5 * 1024 * 1024) await new Promise(done => setTimeout(done, 50));
    disk.fill();
    assert.match(plimsoll('ps'), /talker/);
    assert.match(plimsoll('logs', '--tail', '1', 'talker'), /xxxx/);
    plimsoll('stop', '-t', '0', 'talker');
    plimsoll('rm', 'talker');
    disk.drain();
    assert.equal(plimsoll('system', 'check'), 'the root is consistent\n');
    plimsoll('rmi', 'busybox');
  });
}

/** Fails as it should, in at most `lines` lines, with nothing left of it. */
function assertRefused(home: Home, args: string[], code: number, words: RegExp, lines: number): void {
  const { plimsoll, attempt, leftovers } = home;
  const before = plimsoll('ps', '-aq');
  const done = attempt(...args);
  assert.equal(done.code, code, done.stderr);
  assert.match(done.stderr, words);
  sentence(done.stderr, lines);
  assert.equal(plimsoll('ps', '-aq'), before);
  assert.equal(plimsoll('system', 'check'), 'the root is consistent\n');
  assert.deepEqual(
    leftovers().filter(each => !/^link|lower-bridge/.test(each)),
    [],
  );
}

/** One clear sentence and a hint: no stack, no more lines than that. */
function sentence(stderr: string, lines: number): void {
  const said = stderr
    .trimEnd()
    .split('\n')
    .filter(line => !line.startsWith('#'));
  assert.ok(said.length <= lines, stderr);
  assert.match(stderr, /^plimsoll: /m);
  assert.doesNotMatch(stderr, /^\s+at .*:\d+/m);
}

/** Runs plimsoll in a mount namespace of its own, in which some host tools do not exist. */
function without(tools: readonly string[], args: readonly string[]) {
  const hide = `
    set -e
    upper=$(mktemp -d); mount -t tmpfs tmpfs "$upper"
    for folder in /usr/bin /usr/sbin /usr/local/bin /usr/local/sbin /usr/lib/podman; do
      [ -d $folder ] && [ ! -L $folder ] || continue
      own=$upper/$(echo $folder | tr / _); mkdir "$own" "$own.work"
      for tool in ${tools.join(' ')}; do [ ! -e $folder/$tool ] || mknod "$own/$tool" c 0 0; done
      mount -t overlay -o "lowerdir=$folder,upperdir=$own,workdir=$own.work" overlay $folder
    done
    exec "$@"`;
  return spawnSync('unshare', ['--mount', 'sh', '-c', hide, 'sh', launcher, ...args], {
    encoding: 'utf8',
    timeout: 240_000,
  });
}
