import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createBuildService } from '../../../src/engine/build/index.ts';
import { createEventService } from '../../../src/engine/events/index.ts';
import { createImageService } from '../../../src/engine/image/index.ts';
import { createNetworkService } from '../../../src/engine/network/index.ts';
import { createRegistryService } from '../../../src/engine/registry/index.ts';
import { createRuntime, removeCgroup } from '../../../src/engine/runtime/index.ts';
import { createSnapshotService } from '../../../src/engine/snapshot/index.ts';
import { createRootFolders, Database, resolveRoot } from '../../../src/engine/store/index.ts';
import { cannotRunContainers } from '../../support/busybox-rootfs.ts';

test('an image goes from bootstrap through a build to nothing left', {
  skip: cannotRunContainers,
}, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'plb-'));
  const root = {
    ...resolveRoot({ root: join(folder, 'data'), env: {}, uid: 0 }),
    runDir: join(folder, 'run'),
  };
  createRootFolders(root);
  using db = Database.open(join(root.dataDir, 'plimsoll.db'));
  t.after(() => {
    removeCgroup(`/plimsoll-${root.id}`);
    rmSync(folder, { recursive: true, force: true });
  });
  const clock = Date.now;
  const events = createEventService({ root, db, clock });
  const snapshots = createSnapshotService({ root, db });
  const registries = createRegistryService({ env: {} });
  const images = createImageService({ root, db, snapshots, events, registries, clock });
  const networks = createNetworkService({ root, db, events, clock });
  const runtime = () => createRuntime({ runDir: root.runDir });
  const builds = createBuildService({ root, db, images, snapshots, runtime, networks, events });

  await images.bootstrap({ source: 'busybox' });
  const before = events.lastSeq();
  const context = join(folder, 'context');
  mkdirSync(context);
  writeFileSync(
    join(context, 'Dockerfile'),
    'FROM busybox\nCOPY greeting /\nRUN cat /greeting > /out\nCMD ["cat", "/out"]\n',
  );
  writeFileSync(join(context, 'greeting'), 'hello\n');
  const request = { context, network: 'none', tags: ['app:1', 'app'] } as const;
  const built = await builds.build(request);

  const app = images.inspect('app');
  assert.equal(app.id, built.image);
  assert.deepEqual([...app.references].sort(), ['docker.io/library/app:1', 'docker.io/library/app:latest']);
  assert.equal(app.layers.length, 3);
  assert.equal((await builds.build(request)).image, built.image, 'a rebuild makes the very same image');
  const said = events
    .list()
    .filter(event => event.seq > before)
    .slice(0, 5);
  assert.deepEqual(
    said.map(event => `${event.type} ${event.action}`),
    ['build start', 'image build', 'image tag', 'image tag', 'build end'],
  );

  await images.remove('app:1');
  await images.remove('app');
  await builds.pruneCache();
  assert.deepEqual(
    images.list().map(image => image.references),
    [['localhost/busybox:latest']],
  );
  assert.equal(db.all('SELECT * FROM layers').length, 1);
  assert.deepEqual(snapshots.mounts(), []);
});
