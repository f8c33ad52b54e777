import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type Blobs,
  createBlobs,
  createDownloads,
  createLeases,
  createRootFolders,
  Database,
  type Root,
  resolveRoot,
  sha256,
} from '../../../src/engine/store/index.ts';
import { isPlimsollError } from '../../../src/errors.ts';

test('put() stores bytes once and get() proves them', () =>
  withStore(({ blobs, folder }) => {
    const digest = blobs.put(Buffer.from('hello'), 'text/plain');
    assert.equal(digest, 'sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824');
    assert.equal(blobs.put(Buffer.from('hello'), 'text/plain'), digest);
    assert.equal(blobs.get(digest).toString(), 'hello');
    assert.deepEqual(readdirSync(join(folder, 'tmp')), []);
  }));

test('get() refuses changed and missing bytes as lost data; put() mends them', () =>
  withStore(({ blobs, folder }) => {
    const digest = blobs.put(Buffer.from('hello'), 'text/plain');
    const path = join(folder, 'blobs/sha256', digest.slice(7));
    writeFileSync(path, 'hellO');
    assert.throws(
      () => blobs.get(digest),
      error => isPlimsollError(error, 'data-loss') && error.code === 'BLOB_CORRUPT',
    );
    rmSync(path);
    assert.throws(
      () => blobs.get(digest),
      error => isPlimsollError(error, 'data-loss') && error.code === 'BLOB_MISSING',
    );
    blobs.put(Buffer.from('hello'), 'text/plain');
    assert.equal(blobs.get(digest).toString(), 'hello');
  }));

test('sweep() deletes only files without a row', () =>
  withStore(({ blobs, db, folder }) => {
    const kept = blobs.put(Buffer.from('kept'), 'text/plain');
    const gone = blobs.put(Buffer.from('gone'), 'text/plain');
    db.run('DELETE FROM blobs WHERE digest = ?', gone);
    assert.equal(blobs.sweep([kept, gone]), 1);
    assert.deepEqual(readdirSync(join(folder, 'blobs/sha256')), [kept.slice(7)]);
  }));

test('prune() frees what no image and no layer names, and says how much', () =>
  withStore(({ blobs, db, folder }) => {
    const [config, manifest, index, layer, known, gone] = [
      'config',
      'manifest',
      'index',
      'layer',
      'known',
      'gone',
    ].map(text => blobs.put(Buffer.from(text), 'text/plain')) as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    db.run("INSERT INTO images VALUES (?, ?, '[]', 0, 0, 0)", config, manifest);
    db.run("INSERT INTO image_digests VALUES ('docker.io/a', ?, ?, 'x', 0)", index, config);
    db.run("INSERT INTO layer_blobs VALUES (?, 'sha256:x', 'x', 0, 1)", layer);
    db.run("INSERT INTO layer_blobs VALUES (?, 'sha256:x', 'x', 0, 0)", known);
    assert.equal(blobs.prune(), 2 * 4096, 'two blocks of the disk');
    assert.equal(blobs.prune(), 0);
    const left = [config, manifest, index, layer].map(digest => digest.slice(7)).sort();
    assert.deepEqual(readdirSync(join(folder, 'blobs/sha256')).sort(), left);
    assert.throws(() => blobs.get(gone), /is missing/);
  }));

test('a download outlives its process until nobody wants it', () =>
  withStore(({ root, db, folder }) => {
    let now = 1000;
    const leases = createLeases({ db, clock: () => now });
    const downloads = createDownloads({ root, db, leases, clock: () => now });
    const digest = `sha256:${'d'.repeat(64)}`;
    const begun = downloads.begin({ digest, size: 100, repository: 'docker.io/a' });
    assert.deepEqual([begun.bytes, begun.size], [0, 100]);
    writeFileSync(begun.path, 'half');
    now = 2000;
    assert.equal(downloads.begin({ digest, size: 100, repository: 'docker.io/b' }).bytes, 4);
    writeFileSync(join(folder, 'downloads/stray'), '');
    assert.equal(downloads.sweep(), 1);
    const lease = leases.take('download', digest);
    assert.deepEqual(downloads.prune(), []);
    lease.release();
    assert.deepEqual(downloads.prune(2000), [], 'it is too young');
    assert.deepEqual(
      downloads.prune().map(({ bytes, repository }) => ({ bytes, repository })),
      [{ bytes: 4, repository: 'docker.io/b' }],
    );
    assert.deepEqual([readdirSync(join(folder, 'downloads')), downloads.list()], [[], []]);
  }));

test('a put() in a transaction that fails leaves no row', () =>
  withStore(({ blobs, db }) => {
    assert.throws(() =>
      db.transaction(() => {
        blobs.put(Buffer.from('x'), 'text/plain');
        throw new Error('changed my mind');
      }),
    );
    assert.deepEqual(db.all('SELECT * FROM blobs'), []);
    assert.equal(blobs.sweep(), 1);
    assert.throws(() => blobs.get(sha256(Buffer.from('x'))), /is missing/);
  }));

test('a lease holds until it is released, and not beyond its process or its boot', () =>
  withStore(({ db }) => {
    const leases = createLeases({ db, clock: () => 0 });
    const lease = leases.take('layer', 'sha256:x');
    assert.equal(leases.isHeld('layer', 'sha256:x'), true);
    assert.equal(leases.isHeld('stage', 'sha256:x'), false);
    assert.deepEqual(leases.dead(), []);
    db.run('UPDATE leases SET start_time = start_time - 1'); // another process, long gone, had this pid
    assert.equal(leases.isHeld('layer', 'sha256:x'), false);
    assert.deepEqual(
      leases.dead().map(({ id, target }) => ({ id, target })),
      [{ id: lease.id, target: 'sha256:x' }],
    );
    db.run("UPDATE leases SET start_time = start_time + 1, boot_id = 'another'");
    assert.equal(leases.isHeld('layer', 'sha256:x'), false);
    lease.release();
    lease.release();
    assert.deepEqual(leases.dead(), []);
  }));

function withStore(
  action: (store: { blobs: Blobs; db: Database; root: Root; folder: string }) => void,
): void {
  const folder = mkdtempSync(join(tmpdir(), 'blobs-'));
  const root = resolveRoot({ root: folder, env: { XDG_RUNTIME_DIR: folder }, uid: 1 });
  createRootFolders(root);
  const db = Database.open(join(folder, 'plimsoll.db'));
  try {
    action({ blobs: createBlobs({ root, db, clock: () => 0 }), db, root, folder });
  } finally {
    db.close();
    rmSync(folder, { recursive: true });
  }
}
