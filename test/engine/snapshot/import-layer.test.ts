import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { isPlimsollError } from '../../../src/errors.ts';
import { evilArchives } from '../../support/evil-archives.ts';
import { type LayerRoot, noRoot, openLayerRoot, tarOf } from '../../support/layer-root.ts';

function diffIdOf(tar: Buffer): string {
  return `sha256:${createHash('sha256').update(tar).digest('hex')}`;
}

function importTar(
  { root, snapshots }: LayerRoot,
  tar: Buffer,
  options: { byteLimit?: number; diffId?: string; signal?: AbortSignal } = {},
) {
  const path = join(root.dataDir, 'came.tar');
  writeFileSync(path, tar);
  return snapshots.importLayer({
    diffId: diffIdOf(tar),
    file: { path, offset: 0, length: tar.length },
    ...options,
  });
}

/** So much content that a thread of its own unpacks it. */
const large = { name: 'large', content: 'x'.repeat(2_000_000) };

/** A folder with all that a tar can hold: links, devices, attributes, holes, long and strange names. */
function motley(): { folder: string; [Symbol.dispose](): void } {
  const folder = mkdtempSync(join(tmpdir(), 'plt-motley-'));
  const path = (name: string) => join(folder, name);
  mkdirSync(path('d/e'), { recursive: true });
  writeFileSync(path('d/file'), randomBytes(5000));
  writeFileSync(path('empty'), '');
  writeFileSync(path(`d/${'long'.repeat(50)}`), 'long');
  writeFileSync(path('ümläut\n'), 'strange');
  linkSync(path('d/file'), path('link'));
  symlinkSync('d/file', path('symlink'));
  symlinkSync('d', path('folder'));
  chmodSync(path('empty'), 0o4755);
  execFileSync('mknod', [path('device'), 'c', '1', '3']);
  execFileSync('mkfifo', [path('fifo')]);
  truncateSync(path('empty'), 0);
  const holes = openSync(path('holes'), 'w');
  for (let at = 0; at < 30; at++) writeSync(holes, randomBytes(4096), 0, 4096, at * 200_000);
  closeSync(holes);
  truncateSync(path('holes'), 20_000_000);
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

const formats: readonly (readonly string[])[] = [
  ['--format=ustar', '--exclude=*long*'],
  ['--format=gnu'],
  ['--format=posix'],
  ['--format=gnu', '--sparse'],
  ['--format=posix', '--sparse', '--sparse-version=0.1'],
  ['--format=posix', '--sparse', '--sparse-version=1.0'],
];

for (const options of formats) {
  test(`importLayer() gives a tar of ${options.join(' ')} out again byte by byte`, {
    skip: noRoot,
  }, async () => {
    using place = openLayerRoot();
    using source = motley();
    const tar = execFileSync('tar', ['-c', ...options, '-f', '-', '.'], {
      cwd: source.folder,
      maxBuffer: 1e8,
    });
    using layer = await importTar(place, tar);
    assert.ok((await buffer(place.snapshots.exportTar(layer.diffId))).equals(tar));
    assert.equal(layer.tarBytes, tar.length);
    assert.ok(await place.snapshots.verifyLayer(layer.diffId));
    execFileSync('diff', [
      '-r',
      '--no-dereference',
      '--exclude=fifo',
      '--exclude=device',
      '--exclude=*long*',
      source.folder,
      layer.path,
    ]);
    const holes = statSync(join(layer.path, 'holes'));
    assert.equal(holes.size, 20_000_000);
    if (options.includes('--sparse')) assert.ok(holes.blocks * 512 < 1_000_000, 'its holes are filled');
    for (const [name, damage] of [
      ['d/file', 'more'],
      ['holes', ''],
    ] as const) {
      appendFileSync(join(layer.path, name), damage);
      if (damage === '') truncateSync(join(layer.path, name), 1000);
    }
    assert.equal(await place.snapshots.verifyLayer(layer.diffId), false);
  });
}

test('importLayer() keeps what a tar says twice, though its files say it once', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  const tar = tarOf(
    { name: 'twice', content: 'first' },
    { name: 'keeps', type: 'link', linkName: 'twice' },
    { name: '.wh.gone', content: 'a whiteout with content' },
    { name: 'becomes', content: 'x'.repeat(3000) },
    { name: 'twice', content: 'second' },
    { name: 'becomes', type: 'symlink', linkName: 'twice' },
    { name: 'folder', content: 'not yet' },
    { name: 'folder', type: 'directory', mode: 0o755 },
    { name: '.wh..wh.aufs', content: 'a note of aufs' },
    { name: 'last', content: 'last' },
  );
  const trailing = Buffer.concat([tar, Buffer.alloc(5000), Buffer.from('and some more')]);
  for (const archive of [tar, trailing]) {
    using layer = await importTar(place, archive);
    assert.equal(readFileSync(join(layer.path, 'twice'), 'utf8'), 'second');
    assert.equal(readFileSync(join(layer.path, 'keeps'), 'utf8'), 'first');
    assert.ok((await buffer(place.snapshots.exportTar(layer.diffId))).equals(archive));
  }
});

test('importLayer() refuses a tar that is not what was promised, and keeps nothing', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  const tar = tarOf({ name: 'a', content: 'a' });
  await assert.rejects(
    importTar(place, tar, { diffId: `sha256:${'0'.repeat(64)}` }),
    error => isPlimsollError(error, 'data-loss') && error.code === 'DIGEST_MISMATCH',
  );
  assertNothing(place);
});

for (const [what, replacement] of Object.entries({
  'a symbolic link': { type: 'symlink', linkName: '' },
  'a hard link to one': { type: 'link', linkName: 'out' },
} as const)) {
  test(`importLayer() gives no mode of a folder to what ${what} in its place points at`, {
    skip: noRoot,
  }, async () => {
    using place = openLayerRoot();
    const outside = join(place.root.dataDir, 'outside');
    writeFileSync(outside, 'of the host', { mode: 0o600 });
    using layer = await importTar(
      place,
      tarOf(
        { name: 'out', type: 'symlink', linkName: outside },
        { name: 'folder', type: 'directory', mode: 0o4777 },
        { name: 'folder', ...replacement, linkName: replacement.linkName || outside },
      ),
    );
    assert.equal(statSync(outside).mode & 0o7777, 0o600);
    assert.equal(readlinkSync(join(layer.path, 'folder')), outside);
  });
}

test('importLayer() gives what takes the place of a folder its own mode and time', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  using layer = await importTar(
    place,
    tarOf(
      { name: 'd', type: 'directory', mode: 0o777, mtime: 5 },
      { name: 'd', content: 'secret', mode: 0o600, mtime: 1000 },
    ),
  );
  const { mode, mtimeMs } = statSync(join(layer.path, 'd'));
  assert.deepEqual([mode & 0o7777, mtimeMs], [0o600, 1_000_000]);
});

test('importLayer() keeps times before 1970', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  using layer = await importTar(
    place,
    tarOf(
      { name: 'file', content: 'x', mtime: -1000 },
      { name: 'link', type: 'symlink', linkName: 'file', mtime: -1000 },
      { name: 'folder', type: 'directory', mode: 0o755, mtime: -1000 },
    ),
  );
  for (const name of ['file', 'link', 'folder'])
    assert.equal(lstatSync(join(layer.path, name)).mtimeMs, -1_000_000, name);
});

test('importLayer() does nothing for a layer that is there', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const tar = tarOf({ name: 'a', content: 'a' });
  using first = await importTar(place, tar);
  using again = await place.snapshots.importLayer({
    diffId: first.diffId,
    file: { path: '/nowhere', offset: 0, length: 1 },
  });
  assert.equal(again.path, first.path);
  assert.equal(place.snapshots.layers().length, 1);
});

test('importLayer() unpacks large layers on threads of their own, which leave nothing when they are stopped', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  const members = Array.from({ length: 300 }, (_, i) => ({ name: `d/${i}`, content: `${i}`.repeat(3000) }));
  const tar = tarOf(large, ...members, { name: 'large', content: 'again' });
  const stop = new AbortController();
  const stopped = importTar(place, tar, { signal: stop.signal });
  setTimeout(() => stop.abort(), 5);
  await assert.rejects(stopped, error => isPlimsollError(error, 'cancelled'));
  await assert.rejects(
    importTar(place, tar, { diffId: `sha256:${'0'.repeat(64)}` }),
    error => isPlimsollError(error, 'data-loss') && error.code === 'DIGEST_MISMATCH',
  );
  assertNothing(place);
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 1);
  using layer = await importTar(place, tar);
  clearInterval(ticking);
  assert.ok(ticks > 0, 'this thread stood still');
  assert.equal(readFileSync(join(layer.path, 'd/299'), 'utf8'), '299'.repeat(3000));
  assert.equal(readFileSync(join(layer.path, 'large'), 'utf8'), 'again');
  assert.ok((await buffer(place.snapshots.exportTar(layer.diffId))).equals(tar));
});

for (const [what, members] of Object.entries(evilArchives)) {
  test(`importLayer() refuses ${what} and keeps nothing`, { skip: noRoot }, async () => {
    using place = openLayerRoot();
    await assert.rejects(
      importTar(place, tarOf({ name: 'good', content: 'good' }, ...members)),
      error => isPlimsollError(error, 'invalid-argument') && error.code === 'UNSAFE_ARCHIVE',
    );
    await assert.rejects(
      importTar(place, tarOf(large, ...members)),
      error => isPlimsollError(error, 'invalid-argument') && error.code === 'UNSAFE_ARCHIVE',
    );
    assertNothing(place);
    assert.equal(existsSync('/plimsoll-escaped'), false);
  });
}

test('importLayer() refuses what unpacks to more than it may, holes too', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const tooLarge = (tar: Buffer) =>
    assert.rejects(
      importTar(place, tar, { byteLimit: 10_000 }),
      error => isPlimsollError(error, 'invalid-argument') && error.code === 'ARCHIVE_TOO_LARGE',
    );
  await tooLarge(tarOf({ name: 'a', content: 'x'.repeat(9000) }, { name: 'b', content: 'x'.repeat(9000) }));
  using source = motley();
  await tooLarge(execFileSync('tar', ['-cS', '--format=posix', '-f', '-', 'holes'], { cwd: source.folder }));
  assertNothing(place);
});

test('a damaged recipe is found, and is no end of the program', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  using layer = await importTar(place, tarOf({ name: 'a', content: 'a'.repeat(100) }));
  const recipe = layer.recipe ?? '';
  const whole = readFileSync(recipe);
  for (const bytes of [whole.subarray(0, whole.length - 3), Buffer.from('nothing'), Buffer.alloc(0)]) {
    writeFileSync(recipe, bytes);
    assert.equal(await place.snapshots.verifyLayer(layer.diffId), false);
    await assert.rejects(buffer(place.snapshots.exportTar(layer.diffId)), error =>
      isPlimsollError(error, 'data-loss'),
    );
  }
});

test('a removed layer takes its recipe with it; a recipe without a layer is swept', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  const recipes = join(place.root.dataDir, 'recipes');
  const layer = await importTar(place, tarOf({ name: 'a', content: 'a' }));
  layer[Symbol.dispose]();
  assert.equal(readdirSync(recipes).length, 1);
  await place.snapshots.removeLayer(layer.diffId);
  assert.deepEqual(readdirSync(recipes), []);
  writeFileSync(join(recipes, '0123456789ab'), '');
  await place.snapshots.sweep();
  assert.deepEqual(readdirSync(recipes), []);
});

function assertNothing(place: LayerRoot): void {
  assert.equal(place.snapshots.layers().length, 0);
  assert.deepEqual(readdirSync(join(place.root.dataDir, 'recipes')), []);
  const left = readdirSync(join(place.root.dataDir, 'tmp')).filter(name => name !== 'trash');
  assert.deepEqual(left, []);
}
