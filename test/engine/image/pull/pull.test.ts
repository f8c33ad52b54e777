import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { TransferProgress } from '../../../../src/engine/image/index.ts';
import { isPlimsollError } from '../../../../src/errors.ts';
import { dockerMediaTypes, mediaTypes } from '../../../../src/oci/index.ts';
import { evilArchives } from '../../../support/evil-archives.ts';
import { type FakeRegistry, sha256, startFakeRegistry } from '../../../support/fake-registry.ts';
import { type LayerRoot, noRoot, openLayerRoot, tarOf } from '../../../support/layer-root.ts';
import {
  type Packing,
  type PublishedImage,
  type PublishOptions,
  publish,
} from '../../../support/published-image.ts';

const quick = { attempts: 3, baseMs: 1, maxMs: 2, patienceMs: 100 };
const base = tarOf({ name: 'bin', type: 'directory', mode: 0o755 }, { name: 'bin/sh', content: '#!' });
const top = tarOf({ name: 'etc/motd', content: 'ahoy'.repeat(50_000) }, { name: '.wh.gone' });

/** A root and a registry with an image `app:1`. */
async function place(options: PublishOptions = {}) {
  const registry = await startFakeRegistry();
  const root = openLayerRoot(undefined, { retry: quick, credential: async () => undefined });
  const image = publish(registry, 'app:1', [base, top], options);
  const events: TransferProgress[] = [];
  const pull = (name = 'app:1', more: { platform?: string; signal?: AbortSignal } = {}) =>
    root.images.pull({
      name: `${registry.host}/${name}`,
      onProgress: event => void events.push(event),
      ...more,
    });
  return {
    registry,
    root,
    image,
    events,
    pull,
    async [Symbol.asyncDispose]() {
      root[Symbol.dispose]();
      await registry[Symbol.asyncDispose]();
    },
  };
}

/** Nothing of an image is in the root, and nothing half-made; `downloads`: what may be left for the next pull. */
function assertNothing({ root, db, snapshots, images }: LayerRoot, downloads = 0): void {
  assert.deepEqual(images.list(), []);
  assert.deepEqual(db.all('SELECT * FROM layer_blobs'), []);
  assert.deepEqual(readdirSync(join(root.dataDir, 'blobs/sha256')), []);
  assert.deepEqual(
    readdirSync(join(root.dataDir, 'tmp')).filter(name => name !== 'trash'),
    [],
  );
  assert.equal(readdirSync(join(root.dataDir, 'downloads')).length, downloads);
  assert.equal(db.all('SELECT * FROM downloads').length, downloads);
  assert.deepEqual(db.all('SELECT * FROM leases'), []);
  assert.ok(snapshots.layers().length <= 2);
}

for (const packing of ['gzip', 'zstd', 'none'] as const satisfies readonly Packing[]) {
  test(`an image with layers packed with ${packing} is here as it was published`, {
    skip: noRoot,
  }, async () => {
    await using it = await place({ packing });
    const { images, snapshots } = it.root;
    const pulled = await it.pull();
    assert.equal(pulled.id, it.image.id);
    assert.equal(pulled.digest, it.image.manifest.digest);
    assert.equal(pulled.upToDate, false);
    const details = images.inspect(`${it.registry.host}/app:1`);
    assert.equal(details.manifestDigest, it.image.manifest.digest);
    assert.deepEqual(
      details.layers.map(layer => layer.diffId),
      it.image.layers.map(layer => layer.diffId),
    );
    assert.deepEqual(details.config.config.Cmd, ['sh']);
    for (const { diffId, tar, blob } of it.image.layers) {
      assert.ok((await buffer(snapshots.exportTar(diffId))).equals(tar));
      const kept = readFileSync(join(it.root.root.dataDir, 'blobs/sha256', blob.digest.slice(7)));
      assert.ok(kept.equals(it.registry.blobs.get(blob.digest) ?? Buffer.alloc(0)));
    }
    assert.deepEqual(readdirSync(join(it.root.root.dataDir, 'downloads')), []);
    const again = await it.pull();
    assert.equal(again.upToDate, true);
    assert.equal(
      it.registry.asked.filter(({ path }) => path.includes(it.image.layers[0]?.blob.digest ?? '')).length,
      1,
    );
  });
}

test("an image of Docker's own format has the id that docker gives it: the digest of its config", {
  skip: noRoot,
}, async () => {
  await using it = await place({ docker: true });
  assert.equal((await it.pull()).id, sha256(it.image.config));
  const stored = it.root.images.inspect(it.image.id);
  assert.equal(stored.id, it.image.id);
});

test('an image is pulled by digest, found by it, and has no tag', { skip: noRoot }, async () => {
  await using it = await place();
  const { digest } = it.image.manifest;
  const name = `app@${digest}`;
  const { id } = await it.pull(name);
  assert.equal(it.root.images.inspect(`${it.registry.host}/${name}`).id, id);
  assert.deepEqual(it.root.images.list()[0]?.references, []);
  assert.throws(() => it.root.images.inspect(`${it.registry.host}/other@${digest}`), /there is no image/);
  assert.throws(() => it.root.images.inspect(`${it.registry.host}/app:1`), /there is no image/);
});

test('of an index the image of the platform is taken; the digest is that of the index', {
  skip: noRoot,
}, async () => {
  await using it = await place();
  const { registry } = it;
  const images = (['amd64', 'arm64'] as const).map(architecture => {
    const platform = { os: 'linux', architecture };
    return { platform, image: publish(registry, `many:${architecture}`, [base], { platform }) };
  });
  const manifests = images.map(({ platform, image }) => ({ ...image.manifest, platform }));
  const attestation = { ...manifests[0], platform: { os: 'unknown', architecture: 'unknown' } };
  const index = registry.addManifest(
    'many',
    '1',
    { schemaVersion: 2, manifests: [attestation, ...manifests] },
    mediaTypes.index,
  );
  for (const { platform, image } of images) {
    const pulled = await it.pull('many:1', { platform: `linux/${platform.architecture}` });
    assert.deepEqual([pulled.id, pulled.digest], [image.id, index.digest]);
    assert.equal(
      it.root.images.inspect(`${registry.host}/many:1`).platform.architecture,
      platform.architecture,
    );
    assert.ok(it.root.images.inspect(`${registry.host}/many@${image.manifest.digest}`).id === image.id);
  }
  // Of two images with one index, the one for this machine is meant.
  assert.equal(
    it.root.images.inspect(`${registry.host}/many@${index.digest}`).platform.architecture,
    'amd64',
  );
  await assert.rejects(
    it.pull('many:1', { platform: 'linux/s390x' }),
    /has no image for linux\/s390x; it has linux\/amd64, linux\/arm64/,
  );
});

test('an image for another machine is refused where the platform was asked for, else it comes with a warning', {
  skip: noRoot,
}, async () => {
  await using it = await place({ platform: { os: 'linux', architecture: 's390x' } });
  await assert.rejects(
    it.pull('app:1', { platform: 'linux/amd64' }),
    /has no image for linux\/amd64; it has linux\/s390x/,
  );
  assertNothing(it.root);
  assert.match((await it.pull()).warnings[0] ?? '', /is for linux\/s390x/);
});

test('layers that are here are not downloaded again', { skip: noRoot }, async () => {
  await using it = await place();
  await it.pull();
  const more = tarOf({ name: 'more', content: 'more' });
  publish(it.registry, 'app:2', [base, more]);
  it.events.length = 0;
  await it.pull('app:2');
  const states = it.events.flatMap(event => (event.kind === 'layer' ? [event.state] : []));
  assert.ok(states.includes('exists'));
  assert.equal(states.filter(state => state === 'pulled').length, 1);
  assert.equal(it.root.snapshots.layers().length, 3);
});

test('an image with the same layer several times has it several times', { skip: noRoot }, async () => {
  await using it = await place();
  const image = publish(it.registry, 'twice:1', [base, top, base]);
  await it.pull('twice:1');
  assert.deepEqual(it.root.images.inspect(image.id).layers.length, 3);
  assert.equal(it.root.snapshots.layers().length, 2);
});

const refused: Readonly<Record<string, readonly [PublishOptions, RegExp]>> = {
  'a foreign layer': [
    { layerType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' },
    /has a foreign layer/,
  ],
  'a nondistributable layer': [
    { layerType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip' },
    /has a foreign layer/,
  ],
  'an encrypted layer': [
    { layerType: 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted' },
    /an encrypted layer/,
  ],
  'a chart': [
    { configType: 'application/vnd.cncf.helm.config.v1+json' },
    /is no container image but a "application\/vnd.cncf.helm/,
  ],
  'a config that names fewer layers': [
    { config: { rootfs: { type: 'layers', diff_ids: [] } } },
    /it has 2 layers, but its config names 0/,
  ],
  'a config that is no config': [
    { config: { config: 'x' } },
    /"config" of the image config is not an object/,
  ],
};

for (const [what, [options, words]] of Object.entries(refused)) {
  test(`${what} is refused by name, before anything is downloaded`, { skip: noRoot }, async () => {
    await using it = await place(options);
    await assert.rejects(it.pull(), (error: Error) => isPlimsollError(error) && words.test(error.message));
    assert.ok(!it.registry.asked.some(({ path }) => path.includes(it.image.layers[0]?.blob.digest ?? '?')));
    assertNothing(it.root);
  });
}

test('a layer that does not unpack to its diffID is refused, and nothing is kept', {
  skip: noRoot,
}, async () => {
  await using it = await place({
    config: { rootfs: { type: 'layers', diff_ids: [sha256(base), sha256(base)] } },
  });
  await assert.rejects(
    it.pull(),
    error => isPlimsollError(error, 'data-loss') && error.code === 'DIGEST_MISMATCH',
  );
  assert.deepEqual(it.root.images.list(), []);
});

for (const [what, members] of Object.entries(evilArchives)) {
  test(`an image with ${what} is refused whole`, { skip: noRoot }, async () => {
    await using it = await place();
    publish(it.registry, 'evil:1', [tarOf({ name: 'good', content: 'good' }, ...members)]);
    await assert.rejects(
      it.pull('evil:1'),
      error => isPlimsollError(error) && error.code === 'UNSAFE_ARCHIVE',
    );
    assert.deepEqual([it.root.images.list(), it.root.snapshots.layers()], [[], []]);
  });
}

test('a layer of few bytes that unpacks to very many is refused, whole', { skip: noRoot }, async () => {
  await using it = await place();
  const { byteLimitOf } = await import('../../../../src/engine/snapshot/index.ts');
  assert.ok(byteLimitOf(1000) < 5 * 2 ** 30);
  assert.ok(byteLimitOf(10 * 2 ** 30) > 1000 * 2 ** 30);
  const hole = tarOf({ name: 'bomb', size: 6 * 2 ** 30 });
  const bomb = Buffer.concat([
    gzipSync(hole.subarray(0, hole.length - 1024)),
    ...Array.from({ length: 5 }, () => gzipGigabyte()),
  ]);
  const image = publish(it.registry, 'bomb:1', [tarOf({ name: 'x' })]);
  const blob = it.registry.addBlob(bomb, mediaTypes.layerGzip);
  it.registry.addManifest('bomb', '1', {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: it.registry.addBlob(image.config, mediaTypes.config),
    layers: [blob],
  });
  await assert.rejects(
    it.pull('bomb:1'),
    error => isPlimsollError(error) && error.code === 'ARCHIVE_TOO_LARGE',
  );
  assert.deepEqual(it.root.snapshots.layers(), []);
});

let gigabyte: Buffer | undefined;
function gzipGigabyte(): Buffer {
  gigabyte ??= gzipSync(Buffer.alloc(2 ** 30));
  return gigabyte;
}

test('damaged compression is refused in one sentence', { skip: noRoot }, async () => {
  for (const [packing, words] of [
    ['gzip', /cannot be unpacked with gzip/],
    ['zstd', /cannot be unpacked with zstd/],
  ] as const) {
    await using it = await place();
    const image = publish(it.registry, 'bad:1', [top], { packing });
    const blob = Buffer.from(it.registry.blobs.get(image.layers[0]?.blob.digest ?? '') ?? '').subarray(0, -5);
    it.registry.addManifest('bad', '1', {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: it.registry.addBlob(image.config, mediaTypes.config),
      layers: [it.registry.addBlob(blob, mediaTypes.layerGzip)],
    });
    await assert.rejects(it.pull('bad:1'), words);
    assert.deepEqual(it.root.snapshots.layers(), []);
  }
});

/** The registry sends the first `bytes` of the layer and then nothing more. */
function stall(registry: FakeRegistry, { layers }: PublishedImage, bytes: number): () => void {
  const [, layer] = layers;
  const content = registry.blobs.get(layer?.blob.digest ?? '') ?? Buffer.alloc(0);
  let isOn = true;
  registry.faults.push(({ path }, answer) => {
    if (!isOn || !path.includes(layer?.blob.digest ?? '?')) return false;
    answer.writeHead(200, { 'content-length': content.length });
    answer.write(content.subarray(0, bytes));
    return true;
  });
  return () => {
    isOn = false;
  };
}

test('pain 22: a cancelled pull keeps what it has, and the next one asks only for the rest', {
  skip: noRoot,
}, async () => {
  await using it = await place({ packing: 'none' });
  const flow = stall(it.registry, it.image, 150_000);
  const abort = new AbortController();
  const file = join(it.root.root.dataDir, 'downloads', it.image.layers[1]?.blob.digest.slice(7) ?? '');
  const pending = it.pull('app:1', { signal: abort.signal });
  const watch = setInterval(() => {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 50_000) abort.abort();
  }, 10);
  await assert.rejects(pending, error => isPlimsollError(error, 'cancelled'));
  clearInterval(watch);
  const kept = statSync(file).size;
  assert.ok(kept > 50_000, `only ${kept} bytes are kept`);
  assert.deepEqual(it.root.images.list(), []);
  assert.deepEqual(it.root.db.all('SELECT * FROM leases'), []);
  flow();
  const before = it.registry.asked.length;
  await it.pull();
  const range = it.registry.asked.slice(before).find(({ headers }) => headers.range !== undefined)
    ?.headers.range;
  assert.equal(range, `bytes=${kept}-`);
  assert.ok((await buffer(it.root.snapshots.exportTar(it.image.layers[1]?.diffId ?? ''))).equals(top));
  assert.equal(existsSync(file), false);
});

test('what an earlier pull left spoilt is downloaded anew, by itself', { skip: noRoot }, async () => {
  await using it = await place({ packing: 'none' });
  const blob = it.image.layers[1]?.blob;
  const file = join(it.root.root.dataDir, 'downloads', blob?.digest.slice(7) ?? '');
  const sizes = [10_000, blob?.size ?? 0, (blob?.size ?? 0) + 100];
  for (const size of sizes) {
    it.root.db.run(
      "INSERT OR REPLACE INTO downloads VALUES (?, ?, '', 0)",
      blob?.digest ?? '',
      blob?.size ?? 0,
    );
    writeFileSync(file, Buffer.alloc(size, 'x'));
    await it.pull();
    await it.root.images.remove(it.image.id, { force: true });
  }
  assert.ok(!existsSync(file));
});

test('a blob that is not what its digest promises is refused, and nothing of it is kept', {
  skip: noRoot,
}, async () => {
  await using it = await place();
  const blob = it.image.layers[1]?.blob;
  const bytes = Buffer.from(it.registry.blobs.get(blob?.digest ?? '') ?? '');
  bytes.fill(1, 30, 31);
  it.registry.blobs.set(blob?.digest ?? '', bytes);
  await assert.rejects(
    it.pull(),
    error => isPlimsollError(error, 'data-loss') && error.code === 'DIGEST_MISMATCH',
  );
  assertNothing({ ...it.root }, readdirSync(join(it.root.root.dataDir, 'downloads')).length);
  assert.ok(!existsSync(join(it.root.root.dataDir, 'downloads', blob?.digest.slice(7) ?? '')));
});

test('two pulls of one image at once do the work once', { skip: noRoot }, async () => {
  await using it = await place();
  const other = openLayerRoot(it.root.root.dataDir, { retry: quick, credential: async () => undefined });
  const states: string[] = [];
  const [first, second] = await Promise.all([
    it.pull(),
    other.images.pull({
      name: `${it.registry.host}/app:1`,
      onProgress: event => {
        if (event.kind === 'layer') states.push(event.state);
      },
    }),
  ]);
  other[Symbol.dispose]();
  assert.equal(first?.id, second?.id);
  for (const { blob } of it.image.layers) {
    const times = it.registry.asked.filter(({ path }) => path.includes(blob.digest)).length;
    assert.equal(times, 1, `a layer was downloaded ${times} times`);
  }
});

test('a pull that fails stops its other layers, and leaves no lock and no lease', {
  skip: noRoot,
}, async () => {
  await using it = await place();
  stall(it.registry, it.image, 100);
  it.registry.blobs.delete(it.image.layers[0]?.blob.digest ?? '');
  await assert.rejects(it.pull(), /does not have all the content of/);
  assert.deepEqual(it.root.db.all('SELECT * FROM leases'), []);
});

test('removing a pulled image frees its layers, blobs and digests', { skip: noRoot }, async () => {
  await using it = await place();
  await it.pull();
  await it.root.images.remove(`${it.registry.host}/app:1`);
  assertNothing(it.root);
  assert.deepEqual(it.root.snapshots.layers(), []);
  for (const table of ['image_digests', 'blob_sources', 'blobs']) {
    assert.deepEqual(it.root.db.all(`SELECT * FROM ${table}`), [], table);
  }
  assert.deepEqual(readdirSync(join(it.root.root.dataDir, 'recipes')), []);
});

test('prune frees downloads that nobody goes on with', { skip: noRoot }, async () => {
  await using it = await place({ packing: 'none' });
  stall(it.registry, it.image, 150_000);
  const abort = new AbortController();
  const file = join(it.root.root.dataDir, 'downloads', it.image.layers[1]?.blob.digest.slice(7) ?? '');
  const pending = assert.rejects(it.pull('app:1', { signal: abort.signal }));
  while (!existsSync(file) || statSync(file).size === 0) await sleep(10);
  // The rest of what comes is written with the next piece, or when it is given up.
  for (let look = 0; look < 20; look++) await sleep(25);
  abort.abort();
  await pending;
  const { reclaimedBytes } = await it.root.images.prune();
  assert.ok(reclaimedBytes >= 100_000);
  assertNothing(it.root);
});

test('a Docker list of images leads to them as an index does', { skip: noRoot }, async () => {
  await using it = await place({ docker: true });
  const platform = { os: 'linux', architecture: 'amd64' };
  it.registry.addManifest(
    'app',
    '2',
    { schemaVersion: 2, mediaType: dockerMediaTypes.index, manifests: [{ ...it.image.manifest, platform }] },
    dockerMediaTypes.index,
  );
  assert.equal((await it.pull('app:2', { platform: 'linux/amd64' })).id, it.image.id);
  assert.equal(it.root.db.all('SELECT * FROM image_digests').length, 2);
});
