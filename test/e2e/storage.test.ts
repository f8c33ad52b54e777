import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { findExecutable } from '../../src/engine/kernel/index.ts';
import { cannotRunContainers } from '../support/busybox-rootfs.ts';
import { noOrdinaryUser, openOrdinaryUser } from '../support/ordinary-user.ts';

/*
 * Root filesystems are made in one of three ways (PLIMSOLL_STORAGE). Nobody who builds, runs, compares or commits may
 * see in which: the same commands are told the same, whoever calls them.
 */
const launcher = resolve(import.meta.dirname, '../../bin/plimsoll');
const drivers = ['overlay', 'fuse-overlayfs', 'copy'] as const;
const noFuse = findExecutable('fuse-overlayfs') === undefined;

const dockerfile = `FROM localhost/busybox:latest
RUN mkdir -p /a/b /op /keep && echo 1 > /a/b/f && echo 2 > /op/old && echo 3 > /keep/k && ln /keep/k /keep/k2
RUN echo x > /tofolder && mkdir /tofile && echo x > /tofile/in && ln -s keep /link
COPY hello /hello
COPY --chown=3:4 hello /a/b/hello
RUN rm -r /a /op && mkdir /op && echo new > /op/new && rm /hello && chmod 700 /keep
RUN rm /tofolder && mkdir /tofolder && echo 1 > /tofolder/in && rm -r /tofile && echo f > /tofile
RUN test ! -e /hello && test ! -e /a && test "$(ls /op /tofolder | tr '\\n' ' ')" = "/op: new  /tofolder: in "
`;
const mounting = 'RUN --mount=type=bind,target=/ctx,rw rm /ctx/hello && test "$(ls /ctx)" = Dockerfile\n';
const changing =
  'rm /keep/k; rm -r /op; mkdir /op; echo z > /op/z; echo 1 > /new; rm -r /tofolder; echo f > /tofolder; chmod 4711 /tofile';
/** What is in the image, without what every image has. */
const listing = 'find /keep /op /tofolder /tofile /new /link | sort | xargs stat -c "%n %u:%g %a %F"';

/** Runs plimsoll and returns what it says; fails with its words. */
type Call = (...words: string[]) => string;

/** What plimsoll says to a day's work, line by line, but for what is of one time or root only. */
function story(call: Call, folder: string): string[] {
  const told: string[] = [];
  const tell = (...words: string[]) => told.push(`$ ${words.join(' ')}`, ...call(...words).split('\n'));
  const context = join(folder, 'context');
  mkdirSync(context, { mode: 0o755 });
  for (const [name, text] of [
    ['Dockerfile', dockerfile + mounting],
    ['hello', 'hi\n'],
    ['.dockerignore', 'secret\n.dockerignore\n'],
    ['secret', ''],
  ] as const)
    writeFileSync(join(context, name), text);
  call('image', 'bootstrap', 'busybox');
  call('build', '-q', '--network', 'none', '-t', 'made', context);
  tell('run', '--rm', '--network', 'none', 'made', 'sh', '-c', listing);
  call('run', '--network', 'none', '--name', 'one', 'made', 'sh', '-c', changing);
  tell('diff', 'one');
  call('commit', 'one', 'two');
  tell('run', '--rm', '--network', 'none', 'two', 'sh', '-c', listing);
  call('create', '--network', 'none', '--name', 'fresh', 'made');
  tell('diff', 'fresh');
  writeFileSync(join(folder, 'sent'), 'sent\n');
  call('cp', join(folder, 'sent'), 'fresh:/op/');
  tell('diff', 'fresh');
  call('export', '-o', join(folder, 'fresh.tar'), 'fresh');
  const listed = execFileSync('tar', ['-tf', join(folder, 'fresh.tar')], { encoding: 'utf8' });
  told.push(...listed.split('\n').filter(name => /^(op|keep|to|link)/.test(name)));
  call('run', '-d', '--network', 'none', '--name', 'live', 'made', 'sleep', '1000');
  call('exec', 'live', 'sh', '-c', 'echo live > /live; rm -r /keep');
  tell('diff', 'live');
  call('commit', 'live', 'three');
  call('restart', '-t', '0', 'live');
  tell('exec', 'live', 'sh', '-c', 'cat /live; ls -d /keep /op/*');
  tell('system', 'check');
  tell('run', '--rm', '--network', 'none', 'three', 'ls', '/live', '/keep/k');
  call('work', 'from', '--name', 'w', 'made');
  call('work', 'run', '--network', 'none', 'w', 'sh', '-c', 'echo w > /w; rm /keep/k2');
  call('work', 'mount', 'w');
  call('work', 'copy', 'w', join(folder, 'sent'), '/keep/');
  tell('system', 'check');
  call('work', 'commit', 'w', 'four');
  tell('run', '--rm', '--network', 'none', 'four', 'sh', '-c', 'find /keep /w | sort; cat /keep/*');
  call('work', 'rm', 'w');
  call('system', 'df');
  call('rm', '-f', 'one', 'fresh', 'live');
  tell('system', 'check');
  return told;
}

/** Of commands in containers any exit code will do: `ls` of what is gone fails. */
function caller(prefix: readonly string[], program: string, env: NodeJS.ProcessEnv, cwd: string): Call {
  return (...words) => {
    const [command = '', ...args] = [...prefix, program, ...words];
    const { status, stdout, stderr } = spawnSync(command, args, {
      encoding: 'utf8',
      env,
      cwd,
      timeout: 280_000,
    });
    if (status !== 0 && !['run', 'exec', 'start'].includes(words[0] ?? ''))
      throw new Error(`plimsoll ${words.join(' ')}: exit ${status}\n${stdout}${stderr}`);
    return stdout;
  };
}

/** A root for root, gone afterwards with what is mounted. */
function openFolder(): Disposable & { readonly folder: string; call(driver: string): Call } {
  const folder = mkdtempSync('/var/tmp/plt-storage-');
  chmodSync(folder, 0o755);
  const root = join(folder, 'root');
  const call = (driver: string) =>
    caller([], launcher, { ...process.env, PLIMSOLL_ROOT: root, PLIMSOLL_STORAGE: driver }, folder);
  return {
    folder,
    call,
    [Symbol.dispose]() {
      const ids = call('')('ps', '-aq').split('\n').filter(Boolean);
      if (ids.length > 0) call('')('rm', '-f', ...ids);
      const { runDir } = JSON.parse(call('')('info', '--json')).root;
      const left = mountsOf(folder);
      for (const mount of left.reverse()) execFileSync('umount', ['-l', mount]);
      for (const doomed of [folder, runDir]) rmSync(doomed, { recursive: true, force: true });
      assert.deepEqual(left, []);
    },
  };
}

function mountsOf(folder: string): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.filter(line => line.includes(folder)).map(line => line.split(' ')[4] ?? '');
}

const rootStories = new Map<string, string[]>();

for (const driver of drivers) {
  const skip =
    cannotRunContainers || (driver === 'fuse-overlayfs' && noFuse ? 'needs fuse-overlayfs' : false);
  test(`root builds, runs, compares and commits the same with ${driver}`, { skip }, () => {
    using place = openFolder();
    const call = place.call(driver);
    const told = story(call, place.folder);
    rootStories.set(driver, told);
    assert.deepEqual(told, rootStories.get('overlay'));
    for (const line of ['C /keep', 'D /keep/k', 'A /new', 'D /op/new', 'A /op/z', 'C /tofolder'])
      assert.ok(told.includes(line), line);
    assert.ok(told.includes('the root is consistent'));
    assert.ok(!told.includes('D /op'), 'a folder that was made anew');
    const chroot = ['build', '-q', '--isolation', 'chroot', '--network', 'host', '--no-cache'];
    assert.match(call(...chroot, join(place.folder, 'context')), /^sha256:/);
  });
}

let overlayOfUser: string[] | undefined;

function userStory(driver: string): string[] {
  using user = openOrdinaryUser();
  const env = { ...user.env, PLIMSOLL_STORAGE: driver };
  const folder = join(user.home, 'story');
  mkdirSync(folder);
  if (process.getuid?.() === 0) execFileSync('chown', [`${user.uid}`, folder]);
  return story(caller(user.prefix, user.launcher, env, user.home), folder);
}

for (const driver of ['fuse-overlayfs', 'copy'] as const) {
  const skip = noOrdinaryUser() || (driver === 'fuse-overlayfs' && noFuse ? 'needs fuse-overlayfs' : false);
  test(`an ordinary user builds, runs, compares and commits the same with ${driver}`, { skip }, t => {
    if (driver === 'fuse-overlayfs' && !mayOpenFuse()) {
      if (process.getuid?.() !== 0) return t.skip('needs a /dev/fuse that everybody may open');
      const { mode } = statSync('/dev/fuse');
      chmodSync('/dev/fuse', 0o666); // as udev's rules for it have it
      t.after(() => chmodSync('/dev/fuse', mode & 0o777));
    }
    const told = userStory(driver);
    overlayOfUser ??= userStory('overlay');
    assert.deepEqual(told, overlayOfUser);
  });
}

function mayOpenFuse(): boolean {
  if (process.getuid?.() === 0) return (statSync('/dev/fuse').mode & 0o006) === 0o006;
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

test('a container keeps what it was made with, and what it has changed', {
  skip: cannotRunContainers,
}, () => {
  using place = openFolder();
  const [copy, overlay] = [place.call('copy'), place.call('overlay')];
  copy('image', 'bootstrap', 'busybox');
  const image = 'localhost/busybox:latest';
  copy('run', '--network', 'none', '--name', 'cc', image, 'sh', '-c', 'echo c >> /c; cat /c');
  overlay('run', '--network', 'none', '--name', 'oo', image, 'sh', '-c', 'echo o >> /o; cat /o');
  assert.equal(overlay('start', '-a', 'cc'), 'c\nc\n');
  assert.equal(copy('start', '-a', 'oo'), 'o\no\n');
  assert.deepEqual([copy('diff', 'oo'), overlay('diff', 'cc')], ['A /o\n', 'A /c\n']);
  assert.equal(overlay('inspect', '-f', '{{.Driver}}', 'cc', 'oo'), 'vfs\noverlay2\n');
  assert.equal(copy('info', '-f', '{{.Driver}}'), 'vfs\n');
  copy('create', '--network', 'none', '--name', 'half', image, 'ls', '/half');
  const id = copy('inspect', '-f', '{{.Id}}', 'half').trim();
  mkdirSync(join(place.folder, 'root/containers', id, 'upper/half'), { recursive: true }); // of a copy that was broken off
  assert.equal(copy('start', '-a', 'half'), '');
});

test('on an overlay copies are all that works, which is found by trying, said, and taken', {
  skip: cannotRunContainers,
}, t => {
  using place = openFolder();
  // Overlayfs does not take another one for its folder of changes, as in a container of Docker.
  const [lower = '', upper = '', work = '', merged = ''] = ['lower', 'upper', 'work', 'root'].map(name => {
    mkdirSync(join(place.folder, name));
    return join(place.folder, name);
  });
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  execFileSync('mount', ['-t', 'overlay', '-o', options, 'overlay', merged]);
  t.after(() => rmSync(place.folder, { recursive: true, force: true }));
  try {
    const call = place.call('');
    assert.match(call('info'), /^Storage: +copy \(overlay: .*; fuse-overlayfs: .*\)$/m);
    const told = story(call, place.folder);
    assert.deepEqual(told, rootStories.get('overlay') ?? told);
    assert.equal(call('info', '-f', '{{.Driver}}'), 'vfs\n');
    const row = JSON.parse(call('doctor', '--json')).find(
      ({ name }: { name: string }) => name === 'root filesystems',
    );
    assert.equal(row.status, 'warn');
    assert.match(row.fix, /--root/);
  } finally {
    execFileSync('umount', ['-l', merged]);
  }
});

test('a container whose fuse-overlayfs was killed can be started again', {
  skip: cannotRunContainers || (noFuse ? 'needs fuse-overlayfs' : false),
}, () => {
  using place = openFolder();
  const call = place.call('fuse-overlayfs');
  call('image', 'bootstrap', 'busybox');
  call('run', '-d', '--network', 'none', '--name', 'cc', 'localhost/busybox', 'sleep', '1000');
  call('exec', 'cc', 'sh', '-c', 'echo kept > /kept');
  const server = fuseServerOf(place.folder);
  process.kill(server, 'SIGKILL');
  call('system', 'df');
  call('restart', '-t', '0', 'cc');
  assert.equal(call('exec', 'cc', 'cat', '/kept'), 'kept\n');
  call('rm', '-f', 'cc');
  assert.ok(!existsSync(`/proc/${server}/exe`));
});

function fuseServerOf(folder: string): number {
  const found = readdirSync('/proc').filter(pid => {
    try {
      return (
        /fuse-overlayfs$/.test(readlinkSync(`/proc/${pid}/exe`)) &&
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder)
      );
    } catch {
      return false;
    }
  });
  assert.equal(found.length, 1);
  return Number(found[0]);
}
