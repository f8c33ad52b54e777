import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { findMount, preloadNative, readXattr } from '../../../src/engine/kernel/index.ts';
import { isPlimsollError } from '../../../src/errors.ts';
import { noRoot, openLayerRoot, put } from '../../support/layer-root.ts';

test('a staged layer holds what was changed, and nothing of it stays in tmp', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const base = await place.layer([], target => put(target, 'etc/motd', 'old'));
  const top = await place.layer([base.diffId], target => put(target, 'etc/motd', 'new'));
  assert.equal(readFileSync(join(base.path, 'etc/motd'), 'utf8'), 'old');
  assert.equal(readFileSync(join(top.path, 'etc/motd'), 'utf8'), 'new');
  assert.equal(top.sizeBytes, 3);
  assert.deepEqual(leftovers(place), []);
});

test('a layer staged over many parents shows the topmost file of each name', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const ids: string[] = [];
  for (let n = 0; n < 12; n++) {
    const layer = await place.layer([], target => {
      put(target, `only-${n}`);
      put(target, 'who', String(n));
    });
    ids.push(layer.diffId);
  }
  await using staged = await place.snapshots.stage(ids);
  assert.equal(readFileSync(join(staged.target, 'who'), 'utf8'), '11');
  assert.equal(readdirSync(staged.target).length, 13);
});

test('more layers than one page of mount options holds are all mounted, and writable', {
  skip: noRoot,
}, async t => {
  using place = openLayerRoot();
  const ids: string[] = [];
  for (let n = 0; n < 330; n++) {
    using layer = await place.layer([], target => put(target, `f${n}`));
    ids.push(layer.diffId);
  }
  const target = join(place.root.dataDir, 'containers/many');
  const request = { layers: ids, upper: `${target}.upper`, work: `${target}.work`, target };
  try {
    await place.snapshots.mount(request);
  } catch (error) {
    // Only a kernel older than 6.7 may refuse, and it must say so.
    assert.match(String(error), /newer kernel/);
    t.skip('this kernel has no lowerdir+');
    return;
  }
  try {
    assert.equal(readdirSync(target).length, 330);
    writeFileSync(join(target, 'new'), '');
    assert.deepEqual(readdirSync(request.upper), ['new']);
  } finally {
    await place.snapshots.unmount(target);
  }
});

test('the same files give the same layer, however and when they were made', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const fill = (names: string[]) => (target: string) => {
    for (const name of names) put(target, name);
    for (const name of ['d', ...names]) utimesSync(join(target, name), 1000, 1000);
  };
  const empty = await place.layer([], () => {});
  const first = await place.layer([], fill(['d/x', 'd/y']));
  const second = await place.layer([empty.diffId], fill(['d/y', 'd/x']));
  assert.equal(second.diffId, first.diffId);
  assert.equal(place.snapshots.layers().length, 2);
});

test('commit() with a source date caps times, so that two builds agree', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const ids: string[] = [];
  for (const time of [2_000_000_000, 2_000_000_500]) {
    await using staged = await place.snapshots.stage([]);
    put(staged.target, 'd/f');
    utimesSync(join(staged.target, 'd/f'), time, time);
    using layer = await staged.commit({ sourceDateEpoch: 1_600_000_000 });
    ids.push(layer.diffId);
    assert.equal(lstatSync(join(layer.path, 'd/f')).mtimeMs, 1_600_000_000_000);
  }
  assert.equal(ids[0], ids[1]);
});

test('deletions and hidden folders pass through a tar and hide the same things again', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  const base = await place.layer([], target => {
    for (const name of ['gone', 'kept', 'folder/old', 'folder/older', 'tree/deep/file']) put(target, name);
  });
  const top = await place.layer([base.diffId], target => {
    rmSync(join(target, 'gone'));
    rmSync(join(target, 'tree/deep'), { recursive: true });
    rmSync(join(target, 'folder'), { recursive: true });
    put(target, 'folder/new');
  });
  const tar = Buffer.concat(await place.snapshots.exportTar(top.diffId).toArray());
  const listed = execFileSync('tar', ['-tf', '-'], { input: tar, encoding: 'utf8' }).trim().split('\n');
  assert.deepEqual(listed, [
    'folder/',
    'folder/.wh..wh..opq',
    'folder/new',
    '.wh.gone',
    'tree/',
    'tree/.wh.deep',
  ]);

  using other = openLayerRoot();
  const otherBase = await other.snapshots.importTar(place.snapshots.exportTar(base.diffId));
  const otherTop = await other.snapshots.importTar(place.snapshots.exportTar(top.diffId));
  assert.deepEqual([otherBase.diffId, otherTop.diffId], [base.diffId, top.diffId]);
  await using staged = await other.snapshots.stage([otherBase.diffId, otherTop.diffId]);
  assert.deepEqual(readdirSync(staged.target, { recursive: true }).sort(), [
    'folder',
    'folder/new',
    'kept',
    'tree',
  ]);
});

test('a folder that is new is not marked as hiding anything', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const base = await place.layer([], target => put(target, 'a'));
  const native = await preloadNative();
  await using staged = await place.snapshots.stage([base.diffId]);
  put(staged.target, 'new/file');
  const upper = join(staged.target, '../upper/new');
  native.lsetxattr(Buffer.from(upper), 'trusted.overlay.opaque', Buffer.from('y')); // as some kernels do by themselves
  using layer = await staged.commit();
  assert.equal(readXattr(native, Buffer.from(join(layer.path, 'new')), 'trusted.overlay.opaque'), undefined);
  assert.ok(await place.snapshots.verifyLayer(layer.diffId));
});

test('all kinds of files pass through a tar unchanged', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const native = await preloadNative();
  const long = `${'n'.repeat(150)}/${'ü'.repeat(100)}`;
  const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex'); // cap_net_bind_service=ep
  const layer = await place.layer([], target => {
    put(target, 'one', 'content');
    linkSync(join(target, 'one'), join(target, 'two'));
    put(target, long);
    symlinkSync(`/${long}`, join(target, 'symlink'));
    execFileSync('mknod', [join(target, 'null'), 'c', '1', '3']);
    execFileSync('mknod', [join(target, 'disk'), 'b', '259', '300']);
    execFileSync('mkfifo', [join(target, 'fifo')]);
    mkdirSync(join(target, 'sticky'));
    execFileSync('chmod', ['7777', join(target, 'sticky')]);
    execFileSync('chown', ['12345:3000000', join(target, 'null')]);
    native.lsetxattr(Buffer.from(join(target, 'one')), 'user.note', Buffer.from([0, 10, 255, 61]));
    native.lsetxattr(Buffer.from(join(target, 'one')), 'security.capability', capability);
    writeFileSync(Buffer.concat([Buffer.from(`${target}/`), Buffer.from([0xff, 0xfe])]), 'not UTF-8');
    writeFileSync(join(target, 'big'), Buffer.alloc(700_000, 'b'));
  });
  using other = openLayerRoot();
  const copy = await other.snapshots.importTar(place.snapshots.exportTar(layer.diffId));
  assert.equal(copy.diffId, layer.diffId);
  const at = (name: string) => join(copy.path, name);
  assert.equal(lstatSync(at('one')).ino, lstatSync(at('two')).ino);
  assert.equal(readFileSync(at(long), 'utf8'), long);
  assert.equal(lstatSync(at('null')).rdev, 0x103);
  assert.equal(lstatSync(at('disk')).rdev, lstatSync(join(layer.path, 'disk')).rdev);
  assert.equal(lstatSync(at('null')).gid, 3_000_000);
  assert.equal(lstatSync(at('sticky')).mode & 0o7777, 0o7777);
  assert.deepEqual(readXattr(native, Buffer.from(at('one')), 'security.capability'), capability);
  assert.equal(copy.sizeBytes, layer.sizeBytes);
});

test('sockets are left out, and a name that means a deletion is refused', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  await using staged = await place.snapshots.stage([]);
  const server = createServer();
  await new Promise<void>(resolve => server.listen(join(staged.target, 's'), resolve));
  put(staged.target, 'f');
  using layer = await staged.commit();
  server.close();
  const tar = Buffer.concat(await place.snapshots.exportTar(layer.diffId).toArray());
  assert.equal(execFileSync('tar', ['-tf', '-'], { input: tar, encoding: 'utf8' }), 'f\n');
  await assert.rejects(
    place.layer([], target => put(target, 'etc/.wh.passwd')),
    error => isPlimsollError(error, 'invalid-argument') && error.code === 'RESERVED_NAME',
  );
  assert.deepEqual(leftovers(place), []);
});

test('a stage that is not committed leaves nothing', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const base = await place.layer([], target => put(target, 'a'));
  {
    await using staged = await place.snapshots.stage([base.diffId]);
    put(staged.target, 'b');
    assert.equal(place.snapshots.mounts().length, 1);
  }
  assert.deepEqual(leftovers(place), []);
  assert.equal(place.snapshots.layers().length, 1);
});

test('staging over a layer that is not there takes nothing', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const base = await place.layer([], target => put(target, 'a'));
  const absent = `sha256:${'0'.repeat(64)}`;
  await assert.rejects(place.snapshots.stage([base.diffId, absent]), error =>
    isPlimsollError(error, 'data-loss'),
  );
  base[Symbol.dispose]();
  assert.deepEqual(place.db.all('SELECT * FROM leases'), []);
  assert.deepEqual(leftovers(place), []);
});

test('removeLayer() tells what it has freed as du does: blocks, folders, files with two names once', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  const layer = await place.layer([], target => {
    for (let i = 0; i < 20; i++) put(target, `d/${i}`, 'x');
    linkSync(join(target, 'd/1'), join(target, 'again'));
    put(target, 'large', 'x'.repeat(100_000));
  });
  const du = Number(
    execFileSync('du', ['-s', '--block-size=1', layer.path], { encoding: 'utf8' }).split('\t')[0],
  );
  layer[Symbol.dispose]();
  assert.equal((await place.snapshots.removeLayer(layer.diffId))?.freedBytes, du);
});

test('removeLayer() spares what a living process holds or uses, then frees it', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  const layer = await place.layer([], target => put(target, 'a', '12345'));
  assert.equal(await place.snapshots.removeLayer(layer.diffId), undefined);
  layer[Symbol.dispose]();
  assert.equal(await place.snapshots.removeLayer(layer.diffId, () => true), undefined);
  assert.equal((await place.snapshots.removeLayer(layer.diffId))?.sizeBytes, 5);
  assert.equal(existsSync(layer.path), false);
  assert.equal(await place.snapshots.removeLayer(layer.diffId), undefined);
});

test('mount() needs no layers, keeps changes, and does nothing the second time', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  const target = join(place.root.dataDir, 'containers/c/rootfs');
  const request = { layers: [], upper: `${target}.upper`, work: `${target}.work`, target };
  await place.snapshots.mount(request);
  await place.snapshots.mount(request);
  assert.deepEqual(place.snapshots.mounts(), [target]);
  writeFileSync(join(target, 'f'), 'kept');
  await place.snapshots.unmount(target);
  await place.snapshots.unmount(target);
  assert.deepEqual(place.snapshots.mounts(), []);
  await place.snapshots.mount(request);
  assert.equal(readFileSync(join(target, 'f'), 'utf8'), 'kept');
  await place.snapshots.unmount(target);
});

test('mount() for a container that goes when it ends waits for no disk, and can be done again', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  const target = join(place.root.dataDir, 'containers/c/rootfs');
  const request = { layers: [], upper: `${target}.upper`, work: `${target}.work`, target, disposable: true };
  await place.snapshots.mount(request);
  assert.match(findMount(target)?.options ?? '', /\bvolatile\b/);
  writeFileSync(join(target, 'f'), 'kept');
  await place.snapshots.unmount(target);
  await place.snapshots.mount(request);
  assert.equal(readFileSync(join(target, 'f'), 'utf8'), 'kept');
  await place.snapshots.unmount(target);
});

test('verifyLayer() notices a changed byte', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const layer = await place.layer([], target => put(target, 'a', 'right'));
  assert.equal(await place.snapshots.verifyLayer(layer.diffId), true);
  writeFileSync(join(layer.path, 'a'), 'wrong');
  assert.equal(await place.snapshots.verifyLayer(layer.diffId), false);
});

test('a root whose path has commas, colons and spaces works', { skip: noRoot }, async () => {
  using outer = openLayerRoot();
  const folder = join(outer.root.dataDir, 'a,b:c d\\e');
  mkdirSync(folder);
  using place = openLayerRoot(folder);
  const base = await place.layer([], target => put(target, 'a'));
  using layer = await place.layer([base.diffId], target => put(target, 'b'));
  assert.deepEqual(readdirSync(layer.path), ['b']);
  assert.deepEqual(place.snapshots.mounts(), []);
  rmSync(place.root.runDir, { recursive: true });
});

/** What is in `tmp` beside the empty trash. */
function leftovers(place: ReturnType<typeof openLayerRoot>): string[] {
  const tmp = join(place.root.dataDir, 'tmp');
  const trash = existsSync(join(tmp, 'trash')) ? readdirSync(join(tmp, 'trash')) : [];
  return [...readdirSync(tmp).filter(name => name !== 'trash'), ...trash, ...place.snapshots.mounts()];
}

test('what was told of files is hashed as what is read of them is, and only if it can be the whole', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  const files = {
    'a/ü\u{1F600}.txt': 'told',
    'a/empty': '',
    'b/large': 'x'.repeat(70_000),
    'c/cut': 'whole',
  };
  const stage = async (told: (path: string, content: string) => string | undefined) => {
    await using staged = await place.snapshots.stage([]);
    for (const [path, content] of Object.entries(files)) {
      put(staged.target, path, content);
      utimesSync(join(staged.target, path), 1, 1);
      const words = told(path, content);
      if (words !== undefined) staged.wrote(path, Buffer.from(words));
    }
    for (const folder of ['a', 'b', 'c', '.']) utimesSync(join(staged.target, folder), 1, 1);
    return await staged.commit();
  };
  const read = await stage(() => undefined);
  const told = await stage((path, content) => (path === 'c/cut' ? 'who' : content));
  assert.equal(told.diffId, read.diffId);
  assert.ok(await place.snapshots.verifyLayer(told.diffId));
  const lied = await stage((path, content) => (path.startsWith('a/ü') ? 'lied' : content));
  assert.notEqual(lied.diffId, read.diffId, 'what is told counts at all');
});

test('layers in the making and trees of containers are asked to be spread over the disk', {
  skip: noRoot,
}, async t => {
  using place = openLayerRoot();
  const { diffId } = await place.layer([], target => put(target, 'file'));
  const [tmp, trees] = ['tmp', 'trees'].map(name => join(place.root.dataDir, name));
  if (tmp === undefined || trees === undefined || statfsSync(tmp).type !== 0xef53)
    return t.skip('only ext2 to ext4 can be asked');
  const [upper, work, target] = ['upper', 'work', 'merged'].map(name => join(trees, 'one', name));
  mkdirSync(trees);
  const request = { layers: [diffId], upper: upper ?? '', work: work ?? '', target: target ?? '' };
  await place.snapshots.mount(request);
  await place.snapshots.unmount(request.target);
  for (const folder of [tmp, trees])
    assert.match(execFileSync('lsattr', ['-d', folder], { encoding: 'utf8' }), /^\S*T/, folder);
});
