import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type Blobs,
  createBlobs,
  createLeases,
  createRootFolders,
  Database,
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
  withStore(({ blobs, folder }) => {
    const kept = blobs.put(Buffer.from('kept'), 'text/plain');
    const gone = blobs.put(Buffer.from('gone'), 'text/plain');
    blobs.remove(gone);
    assert.equal(blobs.sweep([kept, gone]), 1);
    assert.deepEqual(readdirSync(join(folder, 'blobs/sha256')), [kept.slice(7)]);
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

function withStore(action: (store: { blobs: Blobs; db: Database; folder: string }) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'blobs-'));
  const root = resolveRoot({ root: folder, env: { XDG_RUNTIME_DIR: folder }, uid: 1 });
  createRootFolders(root);
  const db = Database.open(join(folder, 'plimsoll.db'));
  try {
    action({ blobs: createBlobs({ root, db, clock: () => 0 }), db, folder });
  } finally {
    db.close();
    rmSync(folder, { recursive: true });
  }
}
