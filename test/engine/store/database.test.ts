import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Database } from '../../../src/engine/store/index.ts';
import { migrations } from '../../../src/engine/store/schema.ts';
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

test('addresses of an older root stay, in their order, beside those of IPv6 alone', () => {
  inFolder(folder => {
    const path = join(folder, 'plimsoll.db');
    const isNewer = (step: string) => step.includes('addresses_of_any_kind');
    const older = new DatabaseSync(path);
    const steps = migrations.slice(0, migrations.findIndex(isNewer));
    for (const step of steps) older.exec(step);
    older.exec(`PRAGMA user_version = ${steps.length};
      INSERT INTO networks VALUES ('six', 'a1', 'bridge', 'plb', '10.7.0.0/24', '10.7.0.1', 0, '{}');
      INSERT INTO addresses VALUES ('six', '10.7.0.9', 'nine', 'm', 'eth0', 'fd07::9');
      INSERT INTO addresses VALUES ('six', '10.7.0.2', 'two', 'm', 'eth1', NULL);`);
    older.close();
    using db = Database.open(path);
    const add = (address: string | null, address6: string | null, container: string) =>
      db.run("INSERT INTO addresses VALUES ('six', ?, ?, 'm', 'eth0', ?)", address, container, address6);
    add(null, 'fd07::5', 'five');
    add(null, 'fd07::6', 'six');
    const kept = db.all('SELECT container, interface, address, address6 FROM addresses ORDER BY rowid');
    assert.deepEqual(
      kept.map(row => Object.values(row).join(' ')),
      ['nine eth0 10.7.0.9 fd07::9', 'two eth1 10.7.0.2 ', 'five eth0  fd07::5', 'six eth0  fd07::6'],
    );
    assert.throws(() => add('10.7.0.9', null, 'other'), /UNIQUE/);
    assert.throws(() => add(null, 'fd07::9', 'other'), /UNIQUE/);
    assert.throws(() => add(null, null, 'other'), /CHECK/);
    assert.throws(() => add(null, 'fd07::7', 'six'), /UNIQUE/, 'one place on each network');
  });
});
