import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { packTree, TreeRoot, type UnpackRequest, unpackTree } from '../../../src/engine/archive/index.ts';
import { preloadNative } from '../../../src/engine/kernel/index.ts';
import { type TarEntry, tarEnd, tarPadding, writeTarHeader } from '../../../src/lib/tar/index.ts';

const root = process.getuid?.() === 0;
const noRoot = root ? false : 'needs root: run the tests with sudo';
const base = mkdtempSync(join(tmpdir(), 'plt-archive-'));
after(() => rmSync(base, { recursive: true, force: true }));

let count = 0;
const folder = () => {
  const path = join(base, String(count++));
  mkdirSync(path);
  return path;
};

async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function pack(from: string, path: string, name: string): Promise<Buffer> {
  using tree = await TreeRoot.open(from);
  return await bytesOf(packTree({ tree, path, name }));
}

async function unpack(
  into: string,
  tar: Uint8Array | AsyncIterable<Uint8Array>,
  more: Partial<UnpackRequest> = {},
): Promise<void> {
  using tree = await TreeRoot.open(into);
  const source = tar instanceof Uint8Array ? one(tar) : tar;
  await unpackTree({ tree, folder: '/', tar: source, ...more });
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const plain: TarEntry = {
  name: '',
  type: 'file',
  mode: 0o644,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  size: 0,
  mtime: 1000,
  linkName: '',
  major: 0,
  minor: 0,
  xattrs: [],
};

function tarOf(...entries: (Partial<TarEntry> & { name: string; text?: string })[]): Buffer {
  const pieces = entries.flatMap(({ text = '', ...entry }) => {
    const size = Buffer.byteLength(text);
    return [writeTarHeader({ ...plain, ...entry, size }), Buffer.from(text), Buffer.alloc(tarPadding(size))];
  });
  return Buffer.concat([...pieces, tarEnd]);
}

const list = (tar: Buffer) =>
  execFileSync('tar', ['-tf', '-'], { input: tar }).toString().split('\n').slice(0, -1);

describe('packTree() and unpackTree()', () => {
  test('bring a folder over as it is: files, modes, times, links, names with odd bytes', async () => {
    const from = folder();
    mkdirSync(join(from, 'site/deep'), { recursive: true });
    writeFileSync(join(from, 'site/a'), 'ahoy');
    linkSync(join(from, 'site/a'), join(from, 'site/b'));
    writeFileSync(join(from, 'site/deep/new\nline ä'), Buffer.alloc(300_000, 'x'));
    symlinkSync('/etc/passwd', join(from, 'site/link'));
    chmodSync(join(from, 'site/a'), 0o4750);
    utimesSync(join(from, 'site/a'), 5000, 5000);
    utimesSync(join(from, 'site/deep'), 7000, 7000);
    const into = folder();
    await unpack(into, await pack(from, '/site', 'site'));
    assert.equal(readFileSync(join(into, 'site/a'), 'utf8'), 'ahoy');
    assert.equal(statSync(join(into, 'site/a')).ino, statSync(join(into, 'site/b')).ino);
    assert.equal(statSync(join(into, 'site/a')).mode & 0o7777, 0o4750);
    assert.equal(statSync(join(into, 'site/a')).mtimeMs, 5_000_000);
    assert.equal(statSync(join(into, 'site/deep')).mtimeMs, 7_000_000);
    assert.equal(readFileSync(join(into, 'site/deep/new\nline ä')).length, 300_000);
    assert.equal(readlinkSync(join(into, 'site/link')), '/etc/passwd');
  });

  test('name the archive after what is asked: another name, the content alone', async () => {
    const from = folder();
    mkdirSync(join(from, 'd'));
    writeFileSync(join(from, 'd/f'), '');
    assert.deepEqual(list(await pack(from, '/d', 'other')), ['other/', 'other/f']);
    assert.deepEqual(list(await pack(from, '/d/.', '.')), ['./', './f']);
    assert.deepEqual(list(await pack(from, '/d/', '')), ['f']);
    assert.deepEqual(list(await pack(from, '/d/f', 'g')), ['g']);
    await assert.rejects(pack(from, '/d/nosuch', 'x'), { code: 'PATH_NOT_FOUND', kind: 'not-found' });
    await assert.rejects(pack(from, '/d/f/x', 'x'), { code: 'NOT_A_FOLDER' });
  });

  test('bring devices, fifos, owners and attributes over', { skip: noRoot }, async () => {
    const from = folder();
    execFileSync('mknod', [join(from, 'null'), 'c', '1', '3']);
    execFileSync('mkfifo', [join(from, 'pipe')]);
    chmodSync(join(from, 'null'), 0o666);
    writeFileSync(join(from, 'f'), 'x');
    lchownSync(join(from, 'f'), 1234, 5678);
    symlinkSync('f', join(from, 'l'));
    lchownSync(join(from, 'l'), 42, 43);
    const native = await preloadNative();
    // struct vfs_cap_data, capability.h: revision 2, CAP_NET_RAW permitted and effective.
    const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');
    native.lsetxattr(Buffer.from(join(from, 'f')), 'security.capability', capability);
    const tar = await pack(from, '/.', '.');
    const into = folder();
    await unpack(into, tar);
    const device = lstatSync(join(into, 'null'));
    assert.ok(device.isCharacterDevice());
    assert.equal(device.mode & 0o777, 0o666);
    assert.equal(device.rdev, lstatSync(join(from, 'null')).rdev);
    assert.ok(lstatSync(join(into, 'pipe')).isFIFO());
    assert.deepEqual([statSync(join(into, 'f')).uid, statSync(join(into, 'f')).gid], [1234, 5678]);
    assert.equal(lstatSync(join(into, 'l')).uid, 42);
    assert.deepEqual(native.lgetxattr(Buffer.from(join(into, 'f')), 'security.capability'), capability);
    const owned = folder();
    await unpack(owned, tar, { owner: { uid: 7, gid: 8 } });
    assert.deepEqual([statSync(join(owned, 'f')).uid, lstatSync(join(owned, 'l')).gid], [7, 8]);
  });

  test('read through links inside the tree, and never out of it', async () => {
    const from = folder();
    mkdirSync(join(from, 'etc'));
    writeFileSync(join(from, 'etc/passwd'), 'inside');
    symlinkSync('/etc', join(from, 'abs'));
    symlinkSync('../../../../../../etc', join(from, 'up'));
    for (const path of ['/abs/passwd', '/up/passwd', '/../../etc/passwd']) {
      assert.match((await pack(from, path, 'p')).toString('latin1'), /inside/, path);
    }
    symlinkSync('loop', join(from, 'loop'));
    await assert.rejects(pack(from, '/loop/x', 'x'), { code: 'SYMLINK_LOOP' });
  });

  test('write through links inside the tree, and never out of it', async () => {
    const outside = folder();
    writeFileSync(join(outside, 'precious'), 'kept');
    const into = folder();
    mkdirSync(join(into, 'real'));
    symlinkSync('/real', join(into, 'good'));
    symlinkSync(outside, join(into, 'evil'));
    symlinkSync(join(outside, 'precious'), join(into, 'file'));
    await unpack(into, tarOf({ name: 'good/x', text: 'x' }, { name: 'file', text: 'mine' }));
    assert.equal(readFileSync(join(into, 'real/x'), 'utf8'), 'x');
    assert.equal(readFileSync(join(into, 'file'), 'utf8'), 'mine');
    // Its link leads to a path that the tree has not got.
    await assert.rejects(unpack(into, tarOf({ name: 'evil/precious', text: 'bad' })));
    const later = tarOf(
      { name: 'way', type: 'symlink', linkName: outside },
      { name: 'way/precious', text: 'bad' },
    );
    await assert.rejects(unpack(into, later));
    await assert.rejects(unpack(into, tarOf({ name: '../x', text: 'bad' })), { code: 'UNSAFE_ARCHIVE' });
    const device = tarOf({ name: 'd', type: 'block', major: 8, minor: 2 ** 20 });
    await assert.rejects(unpack(into, device), { code: 'UNSAFE_ARCHIVE' });
    await unpack(into, tarOf({ name: '/absolute', text: 'fine' }));
    assert.equal(readFileSync(join(into, 'absolute'), 'utf8'), 'fine');
    await assert.rejects(unpack(into, tarOf({ name: 'stolen', type: 'link', linkName: 'evil/precious' })), {
      code: 'PATH_NOT_FOUND',
    });
    assert.deepEqual(readdirSync(outside), ['precious']);
    assert.equal(readFileSync(join(outside, 'precious'), 'utf8'), 'kept');
  });

  test('lose nothing outside to a process that puts a link in place of a folder meanwhile', async () => {
    const outside = folder();
    writeFileSync(join(outside, 'precious'), 'kept');
    const into = folder();
    const between = async function* () {
      yield tarOf({ name: 'd', type: 'directory', mode: 0o755 }, { name: 'd/one', text: '1' }).subarray(
        0,
        -1024,
      );
      rmSync(join(into, 'd'), { recursive: true });
      symlinkSync(outside, join(into, 'd'));
      yield tarOf({ name: 'd/e/precious', text: 'bad' });
    };
    await assert.rejects(unpack(into, between()));
    assert.deepEqual(readdirSync(outside), ['precious']);
    assert.equal(readFileSync(join(outside, 'precious'), 'utf8'), 'kept');
  });

  test('keep what is there, and replace a folder by a file only if that is wanted', async () => {
    const into = folder();
    mkdirSync(join(into, 'd'));
    writeFileSync(join(into, 'd/old'), 'old');
    writeFileSync(join(into, 'f'), 'old');
    await unpack(into, tarOf({ name: 'd', type: 'directory', mode: 0o700 }, { name: 'd/new', text: 'new' }));
    assert.deepEqual(readdirSync(join(into, 'd')), ['new', 'old']);
    for (const entry of [
      { name: 'd', text: 'x' },
      { name: 'd', type: 'symlink', linkName: 'f' },
      { name: 'f', type: 'directory' },
    ] as const) {
      await assert.rejects(unpack(into, tarOf(entry), { keepKinds: true }), { code: 'OTHER_KIND' });
    }
    assert.equal(readFileSync(join(into, 'f'), 'utf8'), 'old');
    await unpack(into, tarOf({ name: 'd', text: 'x' }));
    assert.equal(readFileSync(join(into, 'd'), 'utf8'), 'x');
  });

  test('show a file under its name only when it is whole, and leave nothing of half a file', async () => {
    const into = folder();
    writeFileSync(join(into, 'big'), 'old');
    const stop = new AbortController();
    const half = async function* () {
      yield tarOf({ name: 'big', text: 'x'.repeat(100_000) }).subarray(0, 50_000);
      assert.equal(readFileSync(join(into, 'big'), 'utf8'), 'old');
      stop.abort();
      yield Buffer.alloc(1000, 'x');
    };
    await assert.rejects(unpack(into, half(), { signal: stop.signal }), { kind: 'cancelled' });
    assert.deepEqual(readdirSync(into), ['big']);
    assert.equal(readFileSync(join(into, 'big'), 'utf8'), 'old');
    await assert.rejects(unpack(into, tarOf({ name: 'big', text: 'y'.repeat(9000) }).subarray(0, 5000)), {
      code: 'BAD_ARCHIVE',
    });
    assert.deepEqual(readdirSync(into), ['big']);
  });

  test('make folders that the archive leaves out', async () => {
    const into = folder();
    await unpack(into, tarOf({ name: 'a/b/c/f', text: 'x' }));
    assert.ok(existsSync(join(into, 'a/b/c/f')));
  });

  test('fill a file up that shrinks while it is read', async () => {
    const from = folder();
    writeFileSync(join(from, 'f'), Buffer.alloc(600_000, 'x'));
    using tree = await TreeRoot.open(from);
    const pieces: Uint8Array[] = [];
    for await (const piece of packTree({ tree, path: '/f', name: 'f' })) {
      truncateSync(join(from, 'f'), 1000);
      pieces.push(piece);
    }
    const into = folder();
    await unpack(into, Buffer.concat(pieces));
    assert.equal(statSync(join(into, 'f')).size, 600_000);
  });

  test('write into a file that something is mounted on in place', { skip: noRoot }, async () => {
    const into = folder();
    const source = join(folder(), 'hosts');
    writeFileSync(source, 'old and longer');
    writeFileSync(join(into, 'hosts'), '');
    execFileSync('mount', ['--bind', source, join(into, 'hosts')]);
    try {
      await unpack(into, tarOf({ name: 'hosts', text: 'new' }));
      assert.equal(readFileSync(source, 'utf8'), 'new');
      assert.deepEqual(readdirSync(into), ['hosts']);
    } finally {
      execFileSync('umount', [join(into, 'hosts')]);
    }
  });
});
