import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManifestService } from '../../../src/engine/image/index.ts';
import { createRegistryService } from '../../../src/engine/registry/index.ts';
import { isPlimsollError } from '../../../src/errors.ts';
import type { ImageIndex, Manifest } from '../../../src/oci/index.ts';
import { startFakeRegistry } from '../../support/fake-registry.ts';
import { noRoot, openLayerRoot, put, tarOf } from '../../support/layer-root.ts';
import { publish } from '../../support/published-image.ts';

async function place() {
  const registry = await startFakeRegistry();
  const root = openLayerRoot(undefined, { credential: async () => undefined });
  const registries = createRegistryService({ env: {}, client: { credential: async () => undefined } });
  const { db, snapshots, events } = root;
  const manifests = createManifestService({
    root: root.root,
    db,
    snapshots,
    events,
    registries,
    clock: Date.now,
  });
  const make = async (name: string, architecture: string) => {
    using layer = await root.layer([], target => put(target, architecture));
    return root.images.create({
      config: {
        ...{ created: '2020-01-01T00:00:00.000Z', os: 'linux', architecture, config: {}, history: [] },
        rootfs: { type: 'layers', diff_ids: [layer.diffId] },
      },
      references: [name],
    });
  };
  return {
    ...{ registry, root, manifests, make },
    index: (name: string) => JSON.parse(registry.manifests.get(name)?.bytes.toString() ?? '') as ImageIndex,
    async [Symbol.asyncDispose]() {
      root[Symbol.dispose]();
      await registry[Symbol.asyncDispose]();
    },
  };
}

test('an index of images from here and from a registry is pushed, and pulled by platform', {
  skip: noRoot,
}, async () => {
  await using it = await place();
  const { manifests, registry, root } = it;
  const own = await it.make('localhost/web:amd64', 'amd64');
  const other = publish(registry, 'elsewhere:arm', [tarOf({ name: 'arm64', content: 'x' })], {
    platform: { os: 'linux', architecture: 'arm64' },
  });
  const name = `${registry.host}/web:1`;
  manifests.create(name);
  await manifests.add(name, { image: 'localhost/web:amd64' });
  await manifests.add(name, { image: `${registry.host}/elsewhere:arm` });
  manifests.annotate(name, { member: 'localhost/web:amd64', annotations: { note: 'ours' } });
  manifests.annotate(name, { annotations: { all: 'of it' } });
  const pushed = await manifests.push(name);
  const index = it.index('web:1');
  assert.deepEqual(
    index.manifests.map(({ platform, annotations }) => [platform?.architecture, annotations]),
    [
      ['amd64', { note: 'ours' }],
      ['arm64', undefined],
    ],
  );
  assert.deepEqual(index.annotations, { all: 'of it' });
  assert.equal(
    index.manifests[1]?.digest,
    other.manifest.digest,
    'what comes from a registry keeps its digest',
  );
  const arm = await root.images.pull({ name, platform: 'linux/arm64' });
  assert.equal(arm.digest, pushed.digest);
  assert.equal(root.images.inspect(arm.id).platform.architecture, 'arm64');
  assert.equal((await root.images.pull({ name, platform: 'linux/amd64' })).id, own);
  const archive = await root.archives.save({ names: [name], platform: 'linux/arm64' });
  for await (const _ of archive); // it is written whole
  await assert.rejects(
    root.archives.save({ names: [name], platform: 'linux/s390x' }),
    /not for linux\/s390x/,
  );
});

test('of an image for two platforms each is pushed, saved and loaded by its own', {
  skip: noRoot,
}, async () => {
  await using it = await place();
  const { manifests, registry, root } = it;
  const name = `${registry.host}/web:1`;
  const ids = new Map<string, string>();
  manifests.create(name);
  for (const architecture of ['amd64', 'arm64']) {
    ids.set(architecture, await it.make(`localhost/web:${architecture}`, architecture));
    await manifests.add(name, { image: `localhost/web:${architecture}` });
  }
  await manifests.push(name);
  for (const architecture of ids.keys()) await root.images.pull({ name, platform: `linux/${architecture}` });
  for (const [architecture, id] of ids) {
    const copy = `${registry.host}/copy:${architecture}`;
    root.images.tag(name, copy);
    const pushed = await root.images.push({ name: copy, platform: `linux/${architecture}` });
    const there = JSON.parse(
      registry.manifests.get(`copy:${architecture}`)?.bytes.toString() ?? '',
    ) as Manifest;
    assert.equal(there.config.digest, id, `the manifest of ${architecture} alone`);
    assert.equal(
      pushed.digest,
      it.index('web:1').manifests.find(({ platform }) => platform?.architecture === architecture)?.digest,
    );
    for (const format of ['docker-archive', 'oci-archive', 'both'] as const) {
      const saved = { names: [name], platform: `linux/${architecture}`, format };
      using other = openLayerRoot();
      const [loaded] = await other.archives.load({ archive: await root.archives.save(saved) });
      assert.equal(loaded?.id, id, `${architecture} as ${format}`);
      assert.deepEqual(loaded?.references, [name]);
    }
  }
  await assert.rejects(
    root.images.push({ name, platform: 'linux/s390x' }),
    error => isPlimsollError(error, 'not-found') && error.code === 'PLATFORM_NOT_FOUND',
  );
});

test('an image for a platform takes the place of the one before it; what is not there is said', {
  skip: noRoot,
}, async () => {
  await using it = await place();
  const { manifests } = it;
  await it.make('localhost/web:1', 'amd64');
  await it.make('localhost/web:2', 'amd64');
  manifests.create('list');
  assert.throws(
    () => manifests.create('list'),
    error => isPlimsollError(error, 'conflict'),
  );
  await assert.rejects(manifests.push('list'), /has no images/);
  await manifests.add('list', { image: 'localhost/web:1' });
  await manifests.add('list', { image: 'localhost/web:2' });
  await manifests.add('list', { image: 'localhost/web:1', platform: 'linux/arm64' });
  assert.deepEqual(
    manifests.get('list').members.map(({ name, platform }) => [name, platform.architecture]),
    [
      ['localhost/web:2', 'amd64'],
      ['localhost/web:1', 'arm64'],
    ],
  );
  manifests.drop('list', 'localhost/web:2');
  assert.throws(() => manifests.drop('list', 'localhost/web:2'), /is not in the manifest list/);
  assert.equal(manifests.list().length, 1);
  manifests.remove('list');
  assert.throws(() => manifests.get('list'), /there is no manifest list "list" here/);
});
