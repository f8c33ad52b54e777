import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createEventService } from '../../../src/engine/events/index.ts';
import { createRootFolders, Database, type Root } from '../../../src/engine/store/index.ts';
import { createVolumeService } from '../../../src/engine/volume/index.ts';
import { isPlimsollError } from '../../../src/errors.ts';

test('create() makes a named volume once, and gives it back afterwards', t => {
  const { volumes } = setUp(t);
  const made = volumes.create({ name: 'data', labels: { team: 'a' } });
  writeFileSync(join(made.path, 'file'), 'kept');
  assert.deepEqual(volumes.create({ name: 'data', labels: { team: 'b' } }), made);
  assert.deepEqual(volumes.list(), [made]);
  assert.ok(existsSync(join(volumes.inspect('data').path, 'file')));
});

test('create() refuses names that could leave the folder or read like a path', t => {
  const { volumes } = setUp(t);
  for (const name of ['', '../up', 'a/b', '.hidden', '-flag', 'a b', 'x'.repeat(256)]) {
    assert.throws(() => volumes.create({ name }), hasCode('VOLUME_NAME_INVALID'));
  }
  assert.deepEqual(volumes.list(), []);
});

test('a volume in use is not removed, and one that is released is, with its files', async t => {
  const { volumes, root, db } = setUp(t);
  db.run(
    "INSERT INTO images (id, manifest, layers, size, created, stored) VALUES ('sha256:0', '', '[]', 0, 0, 0)",
  );
  db.run(
    `INSERT INTO containers (id, name, image, image_name, created, status, spec, state, resolved)
     VALUES ('c1', 'web', 'sha256:0', 'busybox', 0, 'created', '{}', '{}', '{}')`,
  );
  const used = volumes.use('data', 'c1');
  assert.deepEqual(volumes.use('data', 'c1'), used);
  assert.deepEqual(used.containers, ['c1']);
  writeFileSync(join(used.path, 'file'), 'x');
  await assert.rejects(
    () => volumes.remove('data'),
    error => hasCode('VOLUME_IN_USE')(error) && String(error).includes('container "web"'),
  );
  await volumes.release('c1');
  await volumes.remove('data');
  assert.throws(() => volumes.inspect('data'), hasCode('VOLUME_NOT_FOUND'));
  await assert.rejects(() => volumes.remove('data'), hasCode('VOLUME_NOT_FOUND'));
  assert.deepEqual(readdirSync(join(root.dataDir, 'volumes')), []);
  assert.deepEqual(readdirSync(join(root.dataDir, 'tmp')), []);
});

test('release() takes anonymous volumes along only when asked, and never those of others', async t => {
  const { volumes, events } = setUp(t);
  const [kept, shared, gone] = [volumes.create(), volumes.create(), volumes.create()];
  volumes.use(kept.name, 'c1');
  await volumes.release('c1');
  volumes.use(shared.name, 'c2');
  volumes.use(gone.name, 'c2');
  volumes.use('named', 'c2');
  volumes.use(shared.name, 'c3');
  await volumes.release('c2', { removeAnonymous: true });
  const names = volumes.list().map(volume => volume.name);
  assert.deepEqual(new Set(names), new Set([kept.name, shared.name, 'named']));
  const actions = events.list({ filter: { actors: [gone.name] } }).map(event => event.action);
  assert.deepEqual(actions, ['create', 'mount', 'unmount', 'destroy']);
});

function hasCode(code: string): (error: unknown) => boolean {
  return error => isPlimsollError(error) && error.code === code;
}

function setUp(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-volume-'));
  const root: Root = {
    id: 'deadbeef',
    dataDir: join(folder, 'data'),
    runDir: join(folder, 'run'),
    rootless: false,
  };
  createRootFolders(root);
  const db = Database.open(join(root.dataDir, 'plimsoll.db'));
  const events = createEventService({ root, db, clock: Date.now });
  t.after(() => {
    db.close();
    rmSync(folder, { recursive: true });
  });
  return { root, db, events, volumes: createVolumeService({ root, db, events, clock: Date.now }) };
}
