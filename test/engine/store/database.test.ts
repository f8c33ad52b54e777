import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Database } from '../../../src/engine/store/index.ts';
import { isPlimsollError } from '../../../src/errors.ts';

function inFolder(action: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-db-'));
  try {
    action(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a transaction that meets a full disk says so, and leaves what was', () => {
  inFolder(folder => {
    using db = Database.open(join(folder, 'plimsoll.db'));
    const pages = Number(db.get('PRAGMA page_count')?.page_count);
    db.get(`PRAGMA max_page_count = ${pages}`);
    const fill = () => {
      for (let i = 0; i < 100; i++) db.run('INSERT INTO blobs VALUES (?, ?, 0, 0)', `${i}`, 'x'.repeat(1000));
    };
    assert.throws(
      () => db.transaction(fill),
      error =>
        isPlimsollError(error, 'resource-exhausted') && /the disk that holds .* is full/.test(error.message),
    );
    assert.equal(db.get('SELECT count(*) AS n FROM blobs')?.n, 0);
    db.get('PRAGMA max_page_count = 100000');
    db.transaction(fill);
    assert.equal(db.get('SELECT count(*) AS n FROM blobs')?.n, 100);
  });
});

test('a file that is no database, or a folder that is not there, is one clear sentence', () => {
  inFolder(folder => {
    writeFileSync(
      join(folder, 'text'),
      'not a database at all, but long enough to be read as a header of one '.repeat(20),
    );
    assert.throws(
      () => Database.open(join(folder, 'text')),
      error => isPlimsollError(error, 'data-loss'),
    );
    assert.throws(
      () => Database.open(join(folder, 'no/db')),
      error => isPlimsollError(error, 'permission-denied'),
    );
  });
});
