import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { isPlimsollError } from '../../../src/errors.ts';
import type { Manifest } from '../../../src/oci/index.ts';
import { imageJson } from '../../../src/wire/index.ts';
import { sha256, startFakeRegistry } from '../../support/fake-registry.ts';
import { type LayerRoot, noRoot, openLayerRoot, put, tarOf } from '../../support/layer-root.ts';
import { publish } from '../../support/published-image.ts';
import { noRegistry, startRegistry } from '../../support/real-registry.ts';

const quick = {
  retry: { attempts: 3, baseMs: 1, maxMs: 2, patienceMs: 100 },
  credential: async () => undefined,
};

/** An image made here of one layer, under a name. */
async function makeImage(place: LayerRoot, name: string): Promise<string> {
  using layer = await place.layer([], target => put(target, 'app/file', 'made here'));
  return place.images.create({
    config: {
      architecture: 'amd64',
      os: 'linux',
      config: { Cmd: ['sh'] },
      rootfs: { type: 'layers', diff_ids: [layer.diffId] },
      history: [{ created_by: 'a test' }],
    },
    references: [name],
  });
}

test('what was pulled is pushed as it came, with the same digests', { skip: noRoot }, async () => {
  using place = openLayerRoot(undefined, quick);
  await using from = await startFakeRegistry();
  await using to = await startFakeRegistry();
  const tars = [tarOf({ name: 'a', content: 'a' }), tarOf({ name: 'b', content: 'b' })];
  const image = publish(from, 'app:1', tars, { packing: 'zstd', docker: true });
  await place.images.pull({ name: `${from.host}/app:1` });
  place.images.tag(`${from.host}/app:1`, `${to.host}/copy:2`);
  const pushed = await place.images.push({ name: `${to.host}/copy:2` });
  assert.equal(pushed.digest, image.manifest.digest);
  assert.ok(to.manifests.get('copy:2')?.bytes.equals(from.manifests.get('app:1')?.bytes ?? Buffer.alloc(0)));
  for (const { blob } of image.layers) assert.ok(to.blobs.has(blob.digest));
  const known = place.images.inspect(`${to.host}/copy@${pushed.digest}`);
  assert.equal(known.id, image.id);
  const digests = [`${from.host}/app@${pushed.digest}`, `${to.host}/copy@${pushed.digest}`];
  assert.deepEqual([...(known.repoDigests ?? [])].sort(), digests.sort());
  assert.deepEqual((imageJson(known, 51) as { RepoDigests: string[] }).RepoDigests.sort(), digests.sort());
});

test('what was made here is packed once, and asked for before it is packed again', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot(undefined, quick);
  await using registry = await startFakeRegistry();
  const name = `${registry.host}/made:1`;
  const id = await makeImage(place, name);
  const states: string[] = [];
  const push = () =>
    place.images.push({
      name,
      onProgress: event => {
        if (event.kind === 'layer' && event.state !== 'pushing') states.push(event.state);
      },
    });
  const { digest } = await push();
  const manifest = JSON.parse(registry.manifests.get('made:1')?.bytes.toString() ?? '') as Manifest;
  assert.equal(manifest.config.digest, id);
  const blob = registry.blobs.get(manifest.layers[0]?.digest ?? '') ?? Buffer.alloc(0);
  assert.equal(sha256(gunzipSync(blob)), place.images.inspect(id).layers[0]?.diffId);
  assert.equal((await push()).digest, digest);
  assert.deepEqual(states, ['compressing', 'pushed', 'exists']);
  // Another root gets the same image back.
  using other = openLayerRoot(undefined, quick);
  assert.equal((await other.images.pull({ name })).id, id);
});

test('layers are packed as it is asked for, those that were pulled only if they must be', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot(undefined, quick);
  await using registry = await startFakeRegistry();
  const name = `${registry.host}/made:1`;
  const id = await makeImage(place, name);
  const diffId = place.images.inspect(id).layers[0]?.diffId;
  const layerOf = (tag: string) =>
    (JSON.parse(registry.manifests.get(tag)?.bytes.toString() ?? '') as Manifest).layers[0];
  const unpack = { gzip: gunzipSync, zstd: zstdDecompressSync, uncompressed: (bytes: Buffer) => bytes };
  const digests = new Set<string>();
  for (const compression of ['gzip', 'zstd', 'uncompressed'] as const) {
    for (const level of compression === 'uncompressed' ? [undefined] : [undefined, 1, 9])
      await place.images.push({ name, packing: { compression, level, force: false } });
    const { mediaType = '', digest = '' } = layerOf('made:1') ?? {};
    assert.ok(mediaType.endsWith(compression === 'uncompressed' ? '.tar' : `+${compression}`), mediaType);
    const blob = registry.blobs.get(digest) ?? Buffer.alloc(0);
    assert.equal(sha256(unpack[compression](blob)), diffId);
    digests.add(digest);
    using other = openLayerRoot(undefined, quick);
    assert.equal((await other.images.pull({ name })).id, id);
    // It has the layer as it came, and sends it so.
    const copy = `${registry.host}/copy:1`;
    other.images.tag(name, copy);
    await other.images.push({ name: copy, packing: { compression: 'zstd', force: false } });
    assert.equal(layerOf('copy:1')?.digest, digest);
    await other.images.push({ name: copy, packing: { compression: 'zstd', force: true } });
    assert.match(layerOf('copy:1')?.mediaType ?? '', /zstd$/);
  }
  assert.equal(digests.size, 3);
  await place.images.push({ name });
  assert.match(
    layerOf('made:1')?.mediaType ?? '',
    /gzip$/,
    'what was packed otherwise before does not count',
  );
});

test('a name without a registry, and one that is not here, are refused in one sentence', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot(undefined, quick);
  const id = await makeImage(place, 'localhost/mine');
  await assert.rejects(place.images.push({ name: 'mine' }), /is a name for this machine alone/);
  await assert.rejects(place.images.push({ name: id }), /says of no registry where to push/);
  await assert.rejects(place.images.push({ name: 'nothing' }), error => isPlimsollError(error, 'not-found'));
  assert.deepEqual(place.db.all('SELECT * FROM leases'), []);
});

test('skopeo reads what is pushed to a real registry', {
  skip: noRoot || noRegistry || (existsSync('/usr/bin/skopeo') ? false : 'needs skopeo'),
}, async () => {
  using place = openLayerRoot(undefined, quick);
  await using registry = await startRegistry();
  const name = `${registry.host}/team/made:1`;
  const id = await makeImage(place, name);
  const { digest } = await place.images.push({ name });
  const skopeo = (...args: string[]) =>
    execFileSync('skopeo', ['--override-arch', 'amd64', ...args], { encoding: 'utf8' });
  const seen = JSON.parse(skopeo('inspect', '--tls-verify=false', `docker://${name}`)) as { Digest: string };
  assert.equal(seen.Digest, digest);
  const copy = `${registry.host}/team/copied:1`;
  skopeo(
    'copy',
    '-q',
    '--src-tls-verify=false',
    '--dest-tls-verify=false',
    `docker://${name}`,
    `docker://${copy}`,
  );
  using other = openLayerRoot(undefined, quick);
  assert.equal((await other.images.pull({ name: copy })).id, id);
});
