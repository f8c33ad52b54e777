import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { preloadNative, readXattrs } from '../../../src/engine/kernel/index.ts';
import { isPlimsollError } from '../../../src/errors.ts';
import { evilArchives } from '../../support/evil-archives.ts';
import { noRoot, openLayerRoot, streamOf, tarOf } from '../../support/layer-root.ts';

for (const [what, members] of Object.entries(evilArchives)) {
  test(`importTar() refuses ${what} and keeps nothing`, { skip: noRoot }, async () => {
    using place = openLayerRoot();
    await assert.rejects(
      place.snapshots.importTar(streamOf(tarOf({ name: 'good', content: 'good' }, ...members))),
      error => isPlimsollError(error, 'invalid-argument') && error.code === 'UNSAFE_ARCHIVE',
    );
    assert.equal(place.snapshots.layers().length, 0);
    assert.deepEqual(
      readdirSync(join(place.root.dataDir, 'tmp')).filter(name => name !== 'trash'),
      [],
    );
    assert.equal(existsSync(join(place.root.dataDir, 'plimsoll-escaped')), false);
    assert.equal(existsSync('/plimsoll-escaped'), false);
  });
}

test('importTar() follows links of the archive below its own root only', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const name = `plimsoll-test-${process.pid}`;
  const layer = await place.snapshots.importTar(
    streamOf(
      tarOf(
        { name: 'out', type: 'symlink', linkName: '/tmp' },
        { name: `out/${name}`, content: 'inside' },
        { name: 'up', type: 'symlink', linkName: '../../../../var' },
        { name: 'up/f', content: 'inside too' },
        { name: 'usr/lib', type: 'directory', mode: 0o755 },
        { name: 'lib', type: 'symlink', linkName: 'usr/lib' },
        { name: 'lib/libc.so', content: 'honest' },
      ),
    ),
  );
  assert.equal(existsSync(`/tmp/${name}`), false);
  assert.equal(readFileSync(join(layer.path, 'tmp', name), 'utf8'), 'inside');
  assert.equal(readFileSync(join(layer.path, 'var/f'), 'utf8'), 'inside too');
  assert.equal(readFileSync(join(layer.path, 'usr/lib/libc.so'), 'utf8'), 'honest');
  assert.equal(readlinkSync(join(layer.path, 'out')), '/tmp');
});

test('importTar() turns deletions into what overlayfs understands, in any order', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  const layer = await place.snapshots.importTar(
    streamOf(
      tarOf(
        { name: 'a/.wh..wh..opq' }, // before its folder's own entry
        { name: 'a', type: 'directory', mode: 0o711 },
        { name: 'b', type: 'directory', mode: 0o755 },
        { name: 'b/f', content: 'x' },
        { name: 'b/.wh..wh..opq' }, // after what is in it
        { name: '.wh.gone' },
        { name: '.wh.again' }, // deleted and made anew as a folder: hides the old one
        { name: 'again', type: 'directory', mode: 0o755 },
        { name: '.wh.implied' }, // the same where the archive leaves the folder itself out
        { name: 'implied/f', content: 'x' },
        { name: 'file', content: 'x' },
        { name: '.wh.file' }, // speaks of the layers below
        { name: '.wh..wh.plnk/77.1', content: 'aufs' },
      ),
    ),
  );
  const native = await preloadNative();
  const opaque = (name: string) =>
    readXattrs(native, Buffer.from(join(layer.path, name))).map(xattr => xattr.name);
  assert.deepEqual(readdirSync(layer.path).sort(), ['a', 'again', 'b', 'file', 'gone', 'implied']);
  for (const name of ['a', 'b', 'again', 'implied'])
    assert.deepEqual(opaque(name), ['trusted.overlay.opaque'], name);
  assert.equal(lstatSync(join(layer.path, 'a')).mode & 0o777, 0o711);
  const gone = lstatSync(join(layer.path, 'gone'));
  assert.ok(gone.isCharacterDevice() && gone.rdev === 0);
  assert.ok(lstatSync(join(layer.path, 'file')).isFile());
});

test('importTar() keeps attributes that are content, and none that steer overlayfs', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  const value = Buffer.from('x');
  const names = ['security.selinux', 'trusted.overlay.metacopy', 'trusted.overlay.redirect', 'user.kept'];
  const layer = await place.snapshots.importTar(
    streamOf(tarOf({ name: 'f', content: 'x', xattrs: names.map(name => ({ name, value })) })),
  );
  const native = await preloadNative();
  assert.deepEqual(
    readXattrs(native, Buffer.from(join(layer.path, 'f'))).map(xattr => xattr.name),
    ['user.kept'],
  );
});

test('importTar() makes folders that the archive leaves out the same way every time', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  const tar = tarOf({ name: './x/y/f', uid: 9, content: 'x' });
  const first = await place.snapshots.importTar(streamOf(tar));
  const second = await place.snapshots.importTar(streamOf(tar, 77));
  assert.equal(second.diffId, first.diffId);
  assert.deepEqual(
    [lstatSync(join(first.path, 'x/y')).uid, lstatSync(join(first.path, 'x/y')).mode & 0o777],
    [0, 0o755],
  );
});

test('importTar() passes on what its source throws, and stops when it is told to', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  async function* broken() {
    yield tarOf({ name: 'f', content: 'x' }).subarray(0, 512);
    throw new Error('the connection broke');
  }
  await assert.rejects(place.snapshots.importTar(Readable.from(broken())), /the connection broke/);

  async function* silent() {
    yield tarOf({ name: 'f', content: 'x' }).subarray(0, 512);
    await new Promise(() => {}); // says nothing more, for ever
  }
  for (const endless of [new Readable({ read() {} }), Readable.from(silent())]) {
    const stop = new AbortController();
    const importing = place.snapshots.importTar(endless, { signal: stop.signal });
    setTimeout(() => stop.abort(), 20);
    await assert.rejects(importing, error => isPlimsollError(error, 'cancelled'));
  }
  assert.deepEqual(place.snapshots.layers(), []);
  assert.deepEqual(place.db.all('SELECT * FROM leases'), []);
});

test('importTar() says that bytes are no tar', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  await assert.rejects(
    place.snapshots.importTar(streamOf(Buffer.alloc(2048, 'no tar'))),
    error => isPlimsollError(error, 'invalid-argument') && error.code === 'BAD_ARCHIVE',
  );
});
