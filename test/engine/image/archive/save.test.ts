import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isPlimsollError } from '../../../../src/errors.ts';
import { startFakeRegistry } from '../../../support/fake-registry.ts';
import { load, saved } from '../../../support/image-archive.ts';
import { type LayerRoot, noRoot, openLayerRoot, put, tarOf } from '../../../support/layer-root.ts';
import { publish } from '../../../support/published-image.ts';

const quick = {
  retry: { attempts: 1, baseMs: 1, maxMs: 2, patienceMs: 100 },
  credential: async () => undefined,
};

/** An image made here of one layer. */
async function make(place: LayerRoot, content: string, ...references: string[]): Promise<string> {
  using layer = await place.layer([], target => put(target, 'app/file', content));
  return place.images.create({
    config: {
      architecture: 'amd64',
      os: 'linux',
      config: { Cmd: ['sh'] },
      rootfs: { type: 'layers', diff_ids: [layer.diffId] },
      history: [{ created_by: 'a test' }],
    },
    references,
  });
}

test('what was pulled and saved is loaded elsewhere with the same digests, and saved alike', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot(undefined, quick);
  using other = openLayerRoot();
  await using registry = await startFakeRegistry();
  const tars = [tarOf({ name: 'a', content: 'a' }), tarOf({ name: 'b', content: 'b' })];
  const image = publish(registry, 'app:1', tars, { packing: 'zstd' });
  const name = `${registry.host}/app:1`;
  await place.images.pull({ name });
  const bytes = await saved(place, [name]);
  await load(other, bytes);
  assert.equal(other.images.inspect(name).id, image.id);
  assert.equal(other.images.inspect(name).manifestDigest, image.manifest.digest);
  assert.ok((await saved(other, [name])).equals(bytes));
});

for (const format of [undefined, 'docker-archive', 'oci-archive'] as const) {
  test(`what was made here crosses over as ${format ?? 'both formats at once'}`, {
    skip: noRoot,
  }, async () => {
    using place = openLayerRoot();
    using other = openLayerRoot();
    const one = await make(place, 'one', 'localhost/one:1', 'localhost/one:2');
    const two = await make(place, 'two', 'localhost/two:1');
    const loaded = await load(other, await saved(place, ['localhost/one', two.slice(7, 20)], format));
    assert.deepEqual(
      loaded.map(({ id, references }) => [id, references]),
      [
        [one, ['localhost/one:1', 'localhost/one:2']],
        [two, []],
      ],
    );
    for (const { diffId } of other.images.inspect(one).layers)
      assert.ok(await other.snapshots.verifyLayer(diffId));
  });
}

test('saving what there is not says so before a byte is written', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  await make(place, 'x', 'localhost/app:1');
  const saving = place.archives.save({ names: ['localhost/app:1', 'nothing'] });
  await assert.rejects(saving, error => isPlimsollError(error, 'not-found'));
  assert.deepEqual(place.db.all('SELECT * FROM leases'), []);
});

test('the archive breaks rather than end well with a damaged layer', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const id = await make(place, 'whole', 'localhost/app:1');
  const [layer] = place.images.inspect(id).layers;
  writeFileSync(join(place.snapshots.layer(layer?.diffId ?? '')?.path ?? '', 'app/file'), 'spoil');
  await assert.rejects(saved(place, [id]), error => isPlimsollError(error, 'data-loss'));
  assert.deepEqual(place.db.all('SELECT * FROM leases'), []);
});

test('layers are held while they are saved, and let go of when nobody reads on', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  await make(place, 'x', 'localhost/app:1');
  const stream = await place.archives.save({ names: ['localhost/app:1'] });
  await place.images.remove('localhost/app:1');
  assert.equal(place.snapshots.layers().length, 1);
  stream.destroy();
  await new Promise(resolve => stream.once('close', resolve));
  await place.images.prune();
  assert.deepEqual(place.snapshots.layers(), []);
});
