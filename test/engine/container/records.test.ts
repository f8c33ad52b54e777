import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ContainerRecord, createRecords } from '../../../src/engine/container/records.ts';
import { Database } from '../../../src/engine/store/index.ts';

test('all() gives the same records while nothing changes, and what this and other processes have changed anew', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plt-'));
  try {
    const path = join(folder, 'plimsoll.db');
    using db = Database.open(path);
    using other = Database.open(path);
    db.run("INSERT INTO images VALUES ('image', 'manifest', '[]', 0, 0, 0)");
    const [records, others] = [createRecords(db), createRecords(other)];
    for (const name of ['a', 'b', 'c']) records.insert(recordOf(name));
    const names = (statuses?: readonly string[]) => records.all(statuses).map(each => each.name);
    const first = records.all();
    assert.deepEqual(names(), ['a', 'b', 'c']);
    assert.equal(records.all(), first);
    assert.deepEqual(names(['running']), []);

    records.rename('b'.repeat(64), 'renamed');
    assert.deepEqual(names(), ['a', 'renamed', 'c']);
    assert.equal(records.all()[0], first[0], 'what has not changed is not read anew');
    others.saveState('c'.repeat(64), { status: 'running', restartCount: 0 });
    assert.deepEqual(names(['running']), ['c']);
    assert.equal(records.all()[2]?.state.status, 'running');
    others.delete('a'.repeat(64));
    assert.deepEqual(names(), ['renamed', 'c']);

    assert.throws(() =>
      db.transaction(() => {
        records.rename('c'.repeat(64), 'never');
        assert.deepEqual(names(), ['renamed', 'never']);
        throw new Error('rolled back');
      }),
    );
    assert.deepEqual(names(), ['renamed', 'c']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function recordOf(name: string): ContainerRecord {
  return {
    ...{ id: name.repeat(64), name, imageId: 'image', imageName: 'image', created: 0 },
    ...{ spec: { image: 'image' }, state: { status: 'created', restartCount: 0 } },
    resolved: { labels: {} } as unknown as ContainerRecord['resolved'],
  };
}
