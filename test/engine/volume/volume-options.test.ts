import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ownersSwapped } from '../../../src/engine/container/idmap.ts';
import { localMount } from '../../../src/engine/volume/local-options.ts';
import { cannotRun, type Home, openHome } from '../../e2e/dashboard.ts';

test('localMount() takes what docker takes for the driver local, and refuses the rest by name', () => {
  assert.equal(localMount({}), undefined);
  assert.deepEqual(localMount({ type: 'tmpfs', o: 'size=1m' }), {
    type: 'tmpfs',
    device: 'tmpfs',
    options: 'size=1m',
  });
  assert.deepEqual(localMount({ type: 'nfs', o: 'addr=10.0.0.1,rw', device: ':/exports' }), {
    type: 'nfs',
    device: ':/exports',
    options: 'addr=10.0.0.1,rw',
  });
  for (const [options, message] of [
    [{ size: '1g' }, /no option "size"/],
    [{ device: '/srv' }, /lack its type/],
    [{ type: 'ext4' }, /lack its device/],
    [{ type: 'none', device: '/srv' }, /is a bind/],
  ] as const)
    assert.throws(() => localMount(options), { code: 'VOLUME_OPTION_INVALID', message });
});

test('ownersSwapped() maps two owners on one another and leaves all others', () => {
  const same = '0-0-1000#1000-1234-1#1001-1001-233#1234-1000-1#1235-1235-4294966060';
  assert.equal(
    ownersSwapped({ uid: 1234, gid: 0 }, { uid: 1000, gid: 0 }),
    `uids=${same};gids=0-0-4294967295`,
  );
  assert.equal(
    ownersSwapped({ uid: 0, gid: 5 }, { uid: 1, gid: 5 }).split(';')[0],
    'uids=0-1-1#1-0-1#2-2-4294967293',
  );
});

describe('volumes, by the real program', { skip: cannotRun() ?? false }, () => {
  let home: Home;
  before(() => {
    home = openHome();
  });
  after(() => home[Symbol.dispose]());
  const run = (...words: string[]) => home.plimsoll('run', '--rm', '--network', 'none', ...words);
  const mounted = () =>
    readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter(line => line.includes('/volumes/'))
      .filter(line => line.includes(rootId()));
  let id: string | undefined;
  const rootId = () => {
    id ??= (JSON.parse(home.plimsoll('system', 'info', '--json')) as { root: { id: string } }).root.id;
    return id;
  };

  test('memory is shared by those who use it, bounded, and gone with the last of them', () => {
    home.plimsoll('volume', 'create', '-o', 'type=tmpfs', '-o', 'o=size=1m', 'scratch');
    const service = ['sh', '-c', 'echo hi >/s/file; trap "exit 0" TERM; sleep 1000 & wait'];
    home.plimsoll(
      'run',
      '-d',
      '--name',
      'one',
      '--network',
      'none',
      '-v',
      'scratch:/s',
      'busybox',
      ...service,
    );
    while (run('-v', 'scratch:/s', 'busybox', 'ls', '/s') === '');
    assert.equal(run('-v', 'scratch:/s', 'busybox', 'cat', '/s/file'), 'hi\n');
    assert.match(run('-v', 'scratch:/s', 'busybox', 'df', '-k', '/s'), /^tmpfs +1024 /m);
    assert.equal(mounted().length, 1, 'only once for all of them');
    assert.equal(home.attempt('system', 'check').code, 0, 'what a container uses is no leftover');
    assert.match(home.attempt('volume', 'rm', 'scratch').stderr, /in use/);
    home.plimsoll('rm', '-f', 'one');
    assert.deepEqual(mounted(), []);
    assert.equal(run('-v', 'scratch:/s', 'busybox', 'ls', '/s'), '');
    home.plimsoll('volume', 'rm', 'scratch');
  });

  test('a folder of the machine as a volume is never deleted with it', () => {
    const folder = join(home.folder, 'data');
    mkdirSync(folder);
    writeFileSync(join(folder, 'precious'), 'kept');
    const options = ['-o', 'type=none', '-o', 'o=bind', '-o', `device=${folder}`];
    home.plimsoll('volume', 'create', ...options, 'data');
    assert.match(home.attempt('volume', 'create', '-o', 'type=tmpfs', 'data').stderr, /other options/);
    assert.equal(run('-v', 'data:/d', 'busybox', 'cat', '/d/precious'), 'kept');
    assert.match(
      execFileSync('tar', ['t'], { input: home.plimsoll('volume', 'export', 'data'), encoding: 'utf8' }),
      /precious/,
    );
    home.plimsoll('create', '--name', 'keeps', '-v', 'data:/d', 'busybox', 'true');
    assert.match(home.plimsoll('cp', 'keeps:/d/precious', '-').toString(), /kept/);
    assert.deepEqual(mounted(), []);
    home.plimsoll('rm', 'keeps');
    home.plimsoll('volume', 'rm', 'data');
    assert.equal(readFileSync(join(folder, 'precious'), 'utf8'), 'kept');
  });

  test('what cannot be mounted is said, and the container does not run without it', () => {
    home.plimsoll('volume', 'create', '-o', 'type=none', '-o', 'o=bind', '-o', 'device=/nonexistent', 'gone');
    const { code, stderr } = home.attempt('run', '--rm', '-v', 'gone:/d', 'busybox', 'true');
    assert.equal(code, 125);
    assert.match(stderr, /the volume "gone" cannot be mounted: .*\/nonexistent/);
    assert.deepEqual(mounted(), []);
    home.plimsoll('volume', 'rm', 'gone');
  });

  test('a volume goes out as a tar and comes back, owners and all; sizes are shown', () => {
    run('-v', 'cargo:/c', 'busybox', 'sh', '-c', 'echo timber >/c/hold; chown 7:8 /c/hold; mkdir /c/deck');
    home.plimsoll('volume', 'export', '-o', join(home.folder, 'cargo.tar'), 'cargo');
    home.plimsoll('volume', 'import', 'copy', join(home.folder, 'cargo.tar'));
    assert.equal(
      run('-v', 'copy:/c', 'busybox', 'sh', '-c', 'cat /c/hold; stat -c %u:%g /c/hold; ls /c'),
      'timber\n7:8\ndeck\nhold\n',
    );
    assert.match(home.plimsoll('volume', 'ls', '--size'), /cargo +\d+(\.\d+)?kB/);
    const evil = join(home.folder, 'evil.tar');
    writeFileSync(join(home.folder, 'file'), 'x');
    execFileSync('tar', ['-P', '-cf', evil, '--transform', 's,.*,../../escaped,', join(home.folder, 'file')]);
    assert.equal(home.attempt('volume', 'import', 'copy', evil).code, 1);
    home.plimsoll('volume', 'rm', 'cargo', 'copy');
  });

  test("a bind with idmap shows its owner's files as the user's, and what the user makes is the owner's (pain 23)", t => {
    const folder = join(home.folder, 'owned');
    mkdirSync(folder);
    writeFileSync(join(folder, 'file'), 'x');
    for (const path of [folder, join(folder, 'file')]) chownSync(path, 1234, 1235);
    const words = ['-u', '1000:1000', '-v', `${folder}:/o:idmap`, 'busybox'];
    const script = 'stat -c %u:%g /o/file; touch /o/made';
    const { code, stdout, stderr } = home.attempt(
      'run',
      '--rm',
      '--network',
      'none',
      ...words,
      'sh',
      '-c',
      script,
    );
    if (code !== 0 && /idmap|mount_setattr/i.test(stderr)) {
      return t.skip(`this kernel, file system or runtime maps no ids: ${stderr.trim()}`);
    }
    assert.equal(stdout, '1000:1000\n', stderr);
    const { uid, gid } = statSync(join(folder, 'made'));
    assert.deepEqual([uid, gid], [1234, 1235]);
  });

  test('a --mount whose source is not there is refused, with who shall own it, instead of made as root (pain 23)', () => {
    const mount = 'type=bind,source=/nonexistent/source,target=/s';
    const { code, stderr } = home.attempt('run', '--rm', '--mount', mount, 'busybox', 'true');
    assert.equal(code, 125);
    assert.match(stderr, /does not exist/);
    assert.match(stderr, /as the user who shall own it/);
    assert.equal(spawnSync('test', ['-e', '/nonexistent']).status, 1);
  });

  test('a -v whose source is not there is made, as docker does, and it is said whose it is (pain 23)', () => {
    const source = join(home.folder, 'not/there');
    const words = ['run', '--rm', '--network', 'none', '-v', `${source}:/s`, 'busybox', 'touch', '/s/in'];
    const { code, stderr } = home.attempt(...words);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /made the folder ".*not\/there", which was not there; it belongs to \w+/);
    assert.ok(statSync(join(source, 'in')).isFile());
  });
});
