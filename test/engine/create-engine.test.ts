import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createEngine, type Root, resolveRoot } from '../../src/engine/index.ts';
import { identify } from '../../src/engine/kernel/index.ts';
import { cgroupFolder, pathOfCgroup } from '../../src/engine/runtime/index.ts';
import { Database } from '../../src/engine/store/index.ts';
import { noEngine } from '../support/root-of-own.ts';

const dead = 2 ** 22 + 1; // beyond the largest pid

test('opening a root deletes what killed processes had in tmp, also where no lease speaks of it', {
  skip: noEngine,
}, async t => {
  const root = await emptyRoot(t);
  const tmp = join(root.dataDir, 'tmp');
  for (const name of ['volume-0123456789abcdef/file', `blob.${dead}.1.abcd`]) {
    mkdirSync(join(tmp, name), { recursive: true });
    await open(root);
    assert.deepEqual(readdirSync(tmp), ['trash'], name);
  }
  mkdirSync(join(tmp, 'trash', `${dead}.123.0`, 'file'), { recursive: true });
  await open(root);
  assert.deepEqual(readdirSync(join(tmp, 'trash')), []);
});

test('opening a root leaves alone what a living process writes', { skip: noEngine }, async t => {
  const root = await emptyRoot(t);
  const { pid, startTime } = identify(process.pid) ?? { pid: 0, startTime: 0 };
  const busy = join(root.dataDir, 'tmp', `blob.${pid}.${startTime}.abcd`);
  mkdirSync(busy);
  await open(root);
  assert.ok(existsSync(busy));
});

test('opening a root deletes the folder of a container whose process died before its record', {
  skip: noEngine,
}, async t => {
  const root = await emptyRoot(t);
  const stray = join(root.dataDir, 'containers', 'c'.repeat(64));
  mkdirSync(join(stray, 'upper'), { recursive: true });
  await open(root);
  assert.ok(!existsSync(stray));
  assert.deepEqual(readdirSync(join(root.dataDir, 'tmp')), ['trash']);
});

test('opening a root deletes the folder of a volume that never got its record, unless something is in it', {
  skip: noEngine,
}, async t => {
  const root = await emptyRoot(t);
  const [empty, full] = ['a', 'b'].map(name => join(root.dataDir, 'volumes', name.repeat(64)));
  mkdirSync(join(empty ?? '', '_data'), { recursive: true });
  mkdirSync(join(full ?? '', '_data', 'file'), { recursive: true });
  await open(root);
  assert.ok(!existsSync(empty ?? ''));
  assert.ok(existsSync(join(full ?? '', '_data', 'file')));
});

test('a removal that was killed while it deleted the folder is finished, with the folder', {
  skip: noEngine,
}, async t => {
  const root = await emptyRoot(t);
  const id = await (async () => {
    await using engine = await createEngine({ root });
    await engine.images.bootstrap({ source: 'busybox' });
    return (await engine.containers.create({ image: 'busybox', name: 'gone' })).id;
  })();
  using db = Database.open(join(root.dataDir, 'plimsoll.db'));
  db.run(
    "UPDATE containers SET status = 'removing', state = json_set(state, '$.status', 'removing') WHERE id = ?",
    id,
  );
  const doomed = join(root.dataDir, 'tmp', `container-${id}`);
  renameSync(join(root.dataDir, 'containers', id), doomed);
  await open(root);
  assert.deepEqual(db.all('SELECT id FROM containers'), []);
  assert.ok(!existsSync(doomed));
});

test('a removal that did not come to its end is finished, with the anonymous volumes that were to go', {
  skip: noEngine,
}, async t => {
  const root = await emptyRoot(t);
  const tmp = join(root.dataDir, 'tmp');
  {
    await using engine = await createEngine({ root });
    await engine.images.bootstrap({ source: 'busybox' });
    const mounts = [{ type: 'volume', name: '', target: '/data', readOnly: false }] as const;
    const { id } = await engine.containers.create({ image: 'busybox', mounts });
    rmSync(tmp, { recursive: true });
    writeFileSync(tmp, 'no folder: what is to be deleted cannot be moved here');
    await assert.rejects(engine.containers.remove(id, { volumes: true }));
    assert.equal(engine.volumes.list().length, 1);
    rmSync(tmp);
    mkdirSync(tmp);
  }
  await open(root);
  await using engine = await createEngine({ root });
  assert.deepEqual(engine.containers.list({ all: true }), []);
  assert.deepEqual(engine.volumes.list(), []);
});

test('opening a root ends what a killed start has left in the cgroup of a container that does not run', {
  skip: noEngine,
}, async t => {
  const root = await emptyRoot(t);
  const path = pathOfCgroup(root.id, 'd'.repeat(64));
  const folder = cgroupFolder(path, 'pids');
  mkdirSync(folder, { recursive: true });
  const late = spawn('sleep', ['1000']);
  t.after(() => late.kill('SIGKILL'));
  writeFileSync(join(folder, 'cgroup.procs'), String(late.pid));
  const ended = once(late, 'exit');
  await open(root);
  assert.deepEqual(await ended, [null, 'SIGKILL']);
  assert.ok(!existsSync(folder));
  assert.ok(!existsSync(cgroupFolder(pathOfCgroup(root.id), 'pids')), 'nor is their parent left');
});

async function open(root: Root): Promise<void> {
  await using _ = await createEngine({ root });
}

async function emptyRoot(t: TestContext): Promise<Root> {
  const folder = mkdtempSync('/var/tmp/plt-');
  const root = resolveRoot({ root: join(folder, 'root'), env: {}, uid: 0 });
  t.after(() => {
    rmSync(root.runDir, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  });
  await open(root);
  mkdirSync(join(root.dataDir, 'tmp/trash'), { recursive: true });
  return root;
}
