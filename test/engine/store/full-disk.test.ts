import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Database } from '../../../src/engine/store/index.ts';
import { isPlimsollError } from '../../../src/errors.ts';
import { noSmallDisk, openSmallDisk, type SmallDisk } from '../../support/small-disk.ts';

const kinds = [
  ['tmpfs', []],
  ['ext4', ['-b', '4096']],
  ['ext4', ['-b', '1024']], // blocks smaller than a page: SQLite's shared memory would be a SIGBUS
] as const;

for (const [kind, options] of kinds) {
  const skip = noSmallDisk(kind);
  const name = [kind, ...options].join(' ');

  test(`a full disk (${name}) whose every free byte is taken at once is read from, and written to`, {
    skip,
  }, () => {
    using disk = openSmallDisk(kind, 28, [...options]);
    const path = join(disk.folder, 'db');
    Database.open(path).close();
    assert.ok(existsSync(`${path}-spare`));
    disk.fill();
    for (let turn = 0; turn < 3; turn++) {
      using db = Database.open(path);
      disk.fill();
      assert.equal(count(db), turn * 8);
      for (let i = 0; i < 8; i++) {
        db.transaction(() => insert(db, `${turn}.${i}`));
        disk.fill();
      }
    }
    disk.drain();
    using db = Database.open(path);
    assert.equal(count(db), 24);
    assert.deepEqual(db.integrityProblems(), []);
  });
}

test('a process that has the database open when its disk gets full goes on, and so do others', {
  skip: noSmallDisk('tmpfs'),
}, () => {
  using disk = openSmallDisk('tmpfs', 28);
  const path = join(disk.folder, 'db');
  Database.open(path).close();
  using first = Database.open(path);
  insert(first, 'before');
  disk.fill();
  insert(first, 'full');
  disk.fill();
  using second = Database.open(path);
  for (let i = 0; i < 20; i++) second.transaction(() => insert(second, `${i}`));
  assert.equal(count(first), 22);
});

test('a process that is killed on a full disk leaves what it had committed, and the spare bytes come back', {
  skip: noSmallDisk('tmpfs'),
}, () => {
  using disk = openSmallDisk('tmpfs', 28);
  const path = join(disk.folder, 'db');
  Database.open(path).close();
  disk.fill();
  for (let turn = 0; turn < 3; turn++) dieWriting(disk, path, turn);
  {
    using db = Database.open(path);
    assert.equal(count(db), 30);
    insert(db, 'after');
  }
  disk.drain();
  Database.open(path).close();
  using db = Database.open(path);
  assert.equal(count(db), 31);
  assert.ok(existsSync(`${path}-spare`));
});

test('a disk that is full before there is anything to spare is one sentence', {
  skip: noSmallDisk('tmpfs'),
}, () => {
  using disk = openSmallDisk('tmpfs', 1);
  const path = join(disk.folder, 'db');
  disk.fill();
  assert.throws(
    () => Database.open(path),
    error => isPlimsollError(error) && /the disk that holds .* is full/.test(error.message),
  );
});

function insert(db: Database, digest: string): void {
  db.run('INSERT INTO blobs VALUES (?, ?, 0, 0)', digest, 'x'.repeat(1000));
}

function count(db: Database): number {
  return Number(db.get('SELECT count(*) AS n FROM blobs')?.n);
}

/** Ten rows, and then a SIGKILL in the middle of a transaction. */
function dieWriting(disk: SmallDisk, path: string, turn: number): void {
  const store = join(import.meta.dirname, '../../../src/engine/store/index.ts');
  const program = `
    import { Database } from ${JSON.stringify(store)};
    const db = Database.open(${JSON.stringify(path)});
    const insert = n => db.run('INSERT INTO blobs VALUES (?, ?, 0, 0)', n, 'x'.repeat(1000));
    for (let i = 0; i < 10; i++) insert('${turn}.' + i);
    db.transaction(() => { insert('half'); process.kill(process.pid, 'SIGKILL'); });`;
  const { signal, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', program], {
    encoding: 'utf8',
  });
  assert.equal(signal, 'SIGKILL', stderr);
  disk.fill();
}
