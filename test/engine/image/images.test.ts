import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isPlimsollError } from '../../../src/errors.ts';
import type { ImageConfig } from '../../../src/oci/index.ts';
import { type LayerRoot, noRoot, openLayerRoot, put } from '../../support/layer-root.ts';

test('an image is found by its names, its id and the beginning of its id', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const { id } = await makeImage(place, ['a'], ['app', 'registry.example:5000/team/app:v1']);
  for (const name of [
    'app',
    'app:latest',
    'docker.io/library/app',
    'registry.example:5000/team/app:v1',
    id,
    id.slice(7),
    id.slice(7, 19),
    id.slice(0, 20),
  ]) {
    assert.equal(place.images.resolve(name).id, id, name);
  }
  const manifest = place.images.inspect(id).manifestDigest;
  assert.equal(place.images.resolve(`app@${manifest}`).id, id);
});

test('a short name prefers the Hub, and finds what was made here', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const local = await makeImage(place, ['a'], ['localhost/busybox']);
  assert.equal(place.images.resolve('busybox').id, local.id);
  const hub = await makeImage(place, ['b'], ['busybox']);
  assert.equal(place.images.resolve('busybox').id, hub.id);
  assert.equal(place.images.resolve('localhost/busybox').id, local.id);
});

test('a name that is not there gets a hint', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const hint = (name: string): string => {
    try {
      place.images.resolve(name);
    } catch (error) {
      if (isPlimsollError(error, 'not-found') && error.code === 'IMAGE_NOT_FOUND') return error.hint ?? '';
    }
    throw new Error(`"${name}" was found`);
  };
  assert.match(hint('anything'), /image bootstrap busybox/);
  assert.match(hint('debian:bookworm'), /image bootstrap debian:bookworm/);
  await makeImage(place, ['a'], ['web-server:1']);
  assert.match(hint('web-sever:1'), /did you mean "web-server:1"/);
  assert.match(hint('web-server'), /did you mean "web-server:1"/);
  assert.match(hint('postgres'), /plimsoll images/);
});

test('the same config is the same image, and its bytes do not depend on the order of its keys', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  using layer = await place.layer([], target => put(target, 'a'));
  const config = configOf([layer.diffId]);
  const turned = Object.fromEntries(Object.entries(config).reverse()) as unknown as ImageConfig;
  const id = place.images.create({ config, references: ['a'] });
  assert.equal(place.images.create({ config: turned, references: ['b'] }), id);
  assert.deepEqual(place.images.resolve(id).references, [
    'docker.io/library/a:latest',
    'docker.io/library/b:latest',
  ]);
});

test('a name that moves leaves the other image without it', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const first = await makeImage(place, ['a'], ['app']);
  const second = await makeImage(place, ['b'], ['app']);
  assert.deepEqual(place.images.resolve(first.id).references, []);
  assert.equal(place.images.resolve('app').id, second.id);
  place.images.tag(first.id, 'old:1');
  assert.equal(place.images.resolve('old:1').id, first.id);
  assert.throws(
    () => place.images.tag('app', `x@${first.id}`),
    error => isPlimsollError(error, 'invalid-argument'),
  );
});

test('an image over a layer that is gone is refused, and nothing of it is recorded', { skip: noRoot }, () => {
  using place = openLayerRoot();
  assert.throws(
    () => place.images.create({ config: configOf([`sha256:${'0'.repeat(64)}`]), references: ['x'] }),
    error => isPlimsollError(error, 'data-loss'),
  );
  assert.deepEqual([place.images.list(), place.events.list()], [[], []]);
});

test('remove() takes a name, then the image, and keeps layers that others have', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  const small = await makeImage(place, ['shared'], ['small', 'alias']);
  const large = await makeImage(place, ['shared', 'own'], ['large']);
  const [summary] = place.images.list().filter(image => image.id === large.id);
  assert.deepEqual([summary?.sizeBytes, summary?.uniqueBytes], [9, 3]);

  assert.deepEqual(await place.images.remove('alias'), {
    untagged: ['docker.io/library/alias:latest'],
    deleted: [],
  });
  const removed = await place.images.remove('large');
  assert.deepEqual(removed.deleted, [large.id, large.layers[1]]);
  assert.ok(place.snapshots.layer(small.layers[0] ?? ''));
  const blobs = readdirSync(join(place.root.dataDir, 'blobs/sha256'));
  assert.equal(blobs.length, 2, 'config and manifest of the image that is left');

  await place.images.remove(small.id);
  assert.deepEqual(readdirSync(join(place.root.dataDir, 'layers')), []);
  assert.deepEqual(readdirSync(join(place.root.dataDir, 'blobs/sha256')), []);
  const actions = place.events.list().map(event => event.action);
  assert.deepEqual(actions.filter(action => action === 'delete').length, 2);
});

test('remove() by id with several names needs force', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const { id } = await makeImage(place, ['a'], ['one', 'two']);
  await assert.rejects(place.images.remove(id), error => isPlimsollError(error, 'conflict'));
  assert.equal((await place.images.remove(id, { force: true })).untagged.length, 2);
  assert.deepEqual(place.images.list(), []);
});

test('remove() spares the image of a container; force takes only the name', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const { id } = await makeImage(place, ['a'], ['app']);
  addContainer(place, id, 'exited');
  await assert.rejects(
    place.images.remove('app'),
    error => isPlimsollError(error, 'conflict') && error.code === 'IMAGE_IN_USE',
  );
  place.db.run("UPDATE containers SET status = 'running'");
  await assert.rejects(place.images.remove('app', { force: true }), error =>
    isPlimsollError(error, 'conflict'),
  );
  place.db.run("UPDATE containers SET status = 'exited'");
  assert.deepEqual((await place.images.remove('app', { force: true })).deleted, []);
  assert.equal(place.images.resolve(id).id, id);
  assert.deepEqual((await place.images.prune({ all: true })).deleted, []);
  place.db.run('DELETE FROM containers');
  assert.deepEqual((await place.images.prune()).deleted.length, 2);
});

test('layers that the build cache names, or that a process holds, outlive their image', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  const cached = await makeImage(place, ['cached'], ['one']);
  place.db.run("INSERT INTO build_cache VALUES ('k', 's', ?, '{}', 0, 0, 0)", cached.layers[0] ?? '');
  await place.images.remove('one');
  const [layer] = place.snapshots.layers();
  assert.equal(layer?.diffId, cached.layers[0]);
  place.db.run('DELETE FROM build_cache');
  {
    using _held = place.snapshots.hold(layer?.diffId ?? '');
    assert.deepEqual(await place.images.freeLayers(cached.layers), { deleted: [], reclaimedBytes: 0 });
  }
  const { deleted, reclaimedBytes } = await place.images.freeLayers(cached.layers);
  assert.deepEqual(deleted, cached.layers);
  assert.ok(reclaimedBytes >= 4096, 'its file of six bytes has a block');
  assert.equal(existsSync(layer?.path ?? ''), false);
});

test('prune() frees images without a name, and layers that nobody names', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const named = await makeImage(place, ['named'], ['named']);
  await makeImage(place, ['dangling'], []);
  (await place.layer([], target => put(target, 'orphan')))[Symbol.dispose]();
  const { deleted, reclaimedBytes } = await place.images.prune();
  assert.equal(deleted.length, 3);
  assert.ok(reclaimedBytes > 'dangling'.length + 'orphan'.length, 'its config and manifest count too');
  assert.deepEqual(
    place.images.list().map(image => image.id),
    [named.id],
  );
  assert.deepEqual((await place.images.prune({ all: true })).deleted.length, 2);
});

test('inspect() says which step of the history made which layer', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  using layer = await place.layer([], target => put(target, 'a', '12345'));
  const created = '2026-01-02T03:04:05Z';
  place.images.create({
    config: {
      ...configOf([layer.diffId]),
      history: [
        { created, created_by: 'ENV A=1', empty_layer: true },
        { created, created_by: 'COPY a /', comment: 'c' },
      ],
    },
    references: ['app'],
  });
  const time = Date.parse(created);
  assert.deepEqual(place.images.inspect('app').history, [
    { created: time, createdBy: 'ENV A=1', emptyLayer: true, sizeBytes: 0 },
    { created: time, createdBy: 'COPY a /', comment: 'c', emptyLayer: false, sizeBytes: 5 },
  ]);
});

test('a damaged config is named as lost data', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const { id } = await makeImage(place, ['a'], ['app']);
  put(place.root.dataDir, `blobs/sha256/${id.slice(7)}`, '{}');
  assert.throws(
    () => place.images.resolve('app'),
    error => isPlimsollError(error, 'data-loss'),
  );
});

/** An image with a layer per word, which holds a file of that name and content. */
async function makeImage(
  place: LayerRoot,
  words: readonly string[],
  references: readonly string[],
): Promise<{ id: string; layers: string[] }> {
  const layers: string[] = [];
  const holds: Disposable[] = [];
  for (const word of words) {
    const layer = await place.layer([], target => put(target, word));
    layers.push(layer.diffId);
    holds.push(layer);
  }
  const id = place.images.create({ config: configOf(layers), references });
  for (const hold of holds) hold[Symbol.dispose]();
  return { id, layers };
}

function configOf(layers: readonly string[]): ImageConfig {
  return {
    created: '2026-01-01T00:00:00Z',
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['sh'] },
    rootfs: { type: 'layers', diff_ids: layers },
    history: [],
  };
}

function addContainer(place: LayerRoot, image: string, status: string): void {
  place.db.run(
    "INSERT INTO containers VALUES ('c1', 'web', ?, 'app', 0, ?, '{}', '{}', '{}')",
    image,
    status,
  );
}
