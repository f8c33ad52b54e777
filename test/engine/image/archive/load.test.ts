import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { TransferProgress } from '../../../../src/engine/image/index.ts';
import { isPlimsollError } from '../../../../src/errors.ts';
import { canonicalJson, mediaTypes } from '../../../../src/oci/index.ts';
import { evilArchives } from '../../../support/evil-archives.ts';
import { sha256 } from '../../../support/fake-registry.ts';
import {
  archiveImage,
  archiveOf,
  blobName,
  describe,
  layoutOf,
  load,
  named,
  stalled,
} from '../../../support/image-archive.ts';
import { type LayerRoot, noRoot, openLayerRoot, streamOf, tarOf } from '../../../support/layer-root.ts';

const base = tarOf({ name: 'base', content: 'base' });
const top = tarOf({ name: 'top', content: 'top' });

/** Everything in a root that a refused archive could leave. */
function remains({ root, images, snapshots }: LayerRoot) {
  const folders = ['blobs/sha256', 'layers', 'recipes', 'downloads', 'tmp', 'tmp/trash'];
  const files = folders.flatMap(folder => {
    try {
      return readdirSync(join(root.dataDir, folder)).filter(name => name !== 'trash' && name !== 'empty');
    } catch {
      return [];
    }
  });
  return [...images.list(), ...snapshots.layers(), ...files];
}

async function refused(bytes: Uint8Array, code: string, platform?: string): Promise<void> {
  using place = openLayerRoot();
  await assert.rejects(load(place, bytes, platform), error => {
    assert.ok(isPlimsollError(error), String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
  assert.deepEqual(remains(place), []);
}

test('an OCI layout gives its images, each with its names and its own manifest', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  const [one, two] = [
    archiveImage([base]),
    archiveImage([base, top], { pack: zstdCompressSync, layerType: mediaTypes.layerZstd }),
  ];
  const members = [
    named(one.manifest, 'localhost/one:1'),
    named(one.manifest, 'registry.example/one:2'),
    {
      ...two.manifest,
      annotations: {
        'io.containerd.image.name': 'docker.io/library/two:1',
        'org.opencontainers.image.ref.name': '1',
      },
    },
  ];
  const loaded = await load(place, archiveOf(layoutOf(members, [one, two])));
  assert.deepEqual(
    loaded.map(({ id, references }) => [id, references]),
    [
      [one.id, ['localhost/one:1', 'registry.example/one:2']],
      [two.id, ['docker.io/library/two:1']],
    ],
  );
  assert.equal(place.images.inspect('two:1').manifestDigest, two.manifest.digest);
  assert.equal(place.images.inspect('localhost/one:1').layers.length, 1);
});

test('a bare tag in a layout names no repository, and attachments are no images', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  const image = archiveImage([base]);
  const attachment = {
    ...archiveImage([top]).manifest,
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
  };
  const loaded = await load(
    place,
    archiveOf(layoutOf([named(image.manifest, 'latest'), attachment], [image])),
  );
  assert.deepEqual(loaded, [{ id: image.id, references: [], replaced: [] }]);
});

test('of an image for several platforms the one that is meant comes', { skip: noRoot }, async () => {
  const amd = archiveImage([base]);
  const arm = archiveImage([base], { architecture: 'arm64' });
  const index = canonicalJson({
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [
      { ...amd.manifest, platform: { os: 'linux', architecture: 'amd64' } },
      { ...arm.manifest, platform: { os: 'linux', architecture: 'arm64' } },
    ],
  });
  const files = {
    ...layoutOf([named(describe(index, mediaTypes.index), 'localhost/app:1')], [amd, arm]),
    [blobName(sha256(index))]: index,
  };
  using place = openLayerRoot();
  assert.deepEqual(
    (await load(place, archiveOf(files), 'linux/arm64')).map(({ id }) => id),
    [arm.id],
  );
  const [second] = await load(place, archiveOf(files), 'linux/amd64');
  assert.deepEqual(second, {
    id: amd.id,
    references: ['localhost/app:1'],
    replaced: [{ reference: 'localhost/app:1', id: arm.id }],
  });
  await refused(archiveOf(files), 'BAD_ARCHIVE', 'linux/s390x');
});

test("Docker's old archives are read, with layers that are links to others", { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const image = archiveImage([base, base, top]);
  const list = [
    {
      Config: `${image.id.slice(7)}.json`,
      RepoTags: ['app:1', 'app:2'],
      Layers: ['a/layer.tar', 'b/layer.tar', 'c/layer.tar'],
    },
  ];
  const files = {
    'a/layer.tar': base,
    [`${image.id.slice(7)}.json`]: image.config,
    'c/layer.tar': gzipSync(top),
    'manifest.json': Buffer.from(JSON.stringify(list)),
  };
  const links = [{ name: 'b/layer.tar', type: 'symlink', linkName: '../a/layer.tar' }] as const;
  const [loaded] = await load(place, gzipSync(archiveOf(files, links)));
  assert.deepEqual(loaded?.references, ['docker.io/library/app:1', 'docker.io/library/app:2']);
  assert.equal(loaded?.id, image.id);
  assert.equal(place.images.inspect('app:2').layers.length, 3);
});

test('archives may be packed with gzip or zstd', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const image = archiveImage([base]);
  const bytes = archiveOf(layoutOf([named(image.manifest, 'localhost/a:1')], [image]));
  for (const pack of [gzipSync, zstdCompressSync]) {
    const [loaded] = await load(place, pack(bytes));
    assert.equal(loaded?.id, image.id);
  }
});

for (const [what, change, code] of [
  [
    'a layer',
    (files: Record<string, Buffer>) => ({ ...files, [blobName(sha256(top))]: base }),
    'DIGEST_MISMATCH',
  ],
  [
    'a config',
    (files: Record<string, Buffer>, id: string) => ({ ...files, [blobName(id)]: Buffer.from('{}') }),
    'DIGEST_MISMATCH',
  ],
  [
    'no layer',
    (files: Record<string, Buffer>) =>
      Object.fromEntries(Object.entries(files).filter(([name]) => name !== blobName(sha256(top)))),
    'BAD_ARCHIVE',
  ],
  ['no index', ({ 'index.json': _, ...files }: Record<string, Buffer>) => files, 'BAD_ARCHIVE'],
] as const) {
  test(`an archive with ${what} where something else was promised is refused, whole`, {
    skip: noRoot,
  }, async () => {
    const [good, bad] = [archiveImage([base]), archiveImage([base, top])];
    const members = [named(good.manifest, 'localhost/good:1'), named(bad.manifest, 'localhost/bad:1')];
    await refused(archiveOf(change({ ...layoutOf(members, [good, bad]) }, bad.id)), code);
  });
}

test('a layer that does not unpack to its diffID takes all others of the archive with it', {
  skip: noRoot,
}, async () => {
  const good = archiveImage([base]);
  const lie = archiveImage([top], { diffIds: [sha256(Buffer.from('something else'))] });
  const members = [named(good.manifest, 'localhost/good:1'), named(lie.manifest, 'localhost/lie:1')];
  await refused(archiveOf(layoutOf(members, [good, lie])), 'DIGEST_MISMATCH');
});

test('a Docker archive whose config is not what its name says is refused', { skip: noRoot }, async () => {
  const list = [{ Config: `${'a'.repeat(64)}.json`, RepoTags: ['a:1'], Layers: ['l.tar'] }];
  const { config } = archiveImage([base]);
  const files = {
    [`${'a'.repeat(64)}.json`]: config,
    'l.tar': base,
    'manifest.json': Buffer.from(JSON.stringify(list)),
  };
  await refused(archiveOf(files), 'DIGEST_MISMATCH');
});

for (const [what, members] of Object.entries(evilArchives)) {
  test(`a layer with ${what} is refused with its archive`, { skip: noRoot }, async () => {
    using place = openLayerRoot();
    const image = archiveImage([base, tarOf(...members)]);
    const bytes = archiveOf(layoutOf([named(image.manifest, 'localhost/evil:1')], [image]));
    await assert.rejects(load(place, bytes), error => isPlimsollError(error, 'invalid-argument'));
    assert.deepEqual(remains(place), []);
  });
}

test('no name of an archive is a path on disk', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const image = archiveImage([base]);
  const files = {
    ...layoutOf([named(image.manifest, 'localhost/a:1')], [image]),
    '../../../../plimsoll-escaped': Buffer.from('x'),
    '/tmp/plimsoll-escaped': Buffer.from('x'),
  };
  const links = [{ name: 'passwd', type: 'symlink', linkName: '/etc/passwd' }] as const;
  assert.equal((await load(place, archiveOf(files, links))).length, 1);
  assert.ok(
    !readdirSync('/').includes('plimsoll-escaped') && !readdirSync('/tmp').includes('plimsoll-escaped'),
  );
  const list = Buffer.from(JSON.stringify([{ Config: 'passwd', RepoTags: [], Layers: [] }]));
  await refused(archiveOf({ 'manifest.json': list }, links), 'BAD_ARCHIVE');
});

test('few bytes that unpack to very many are refused before they fill the disk', {
  skip: noRoot,
}, async () => {
  const { unpackStream } = await import('../../../../src/engine/image/content/unpack-stream.ts');
  let bytes = 0;
  const read = async () => {
    const source = streamOf(gzipSync(Buffer.alloc(64 * 1024 * 1024)));
    for await (const piece of unpackStream(source, { limitOf: packed => 2 ** 20 + packed * 20 }))
      bytes += piece.length;
  };
  await assert.rejects(read(), error => isPlimsollError(error) && error.code === 'ARCHIVE_TOO_LARGE');
  assert.ok(bytes < 4 * 2 ** 20, `${bytes} bytes came out`);
});

test('a load that is cancelled while it reads leaves nothing', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const stop = new AbortController();
  const archive = stalled(archiveOf({ big: Buffer.alloc(6_000_000) }).subarray(0, 5_000_000));
  const onProgress = ({ kind }: TransferProgress) => {
    if (kind === 'layer') setImmediate(() => stop.abort()); // when there is nothing more to read
  };
  const loading = place.archives.load({ archive, signal: stop.signal, onProgress });
  await assert.rejects(loading, error => isPlimsollError(error, 'cancelled'));
  assert.deepEqual(remains(place), []);
});

test('an archive that breaks off is refused', { skip: noRoot }, async () => {
  const image = archiveImage([base]);
  const bytes = archiveOf(layoutOf([named(image.manifest, 'localhost/a:1')], [image]));
  await refused(bytes.subarray(0, 3000), 'BAD_ARCHIVE');
  await refused(gzipSync(bytes).subarray(0, 300), 'BAD_COMPRESSION');
  await refused(Buffer.from('neither'), 'BAD_ARCHIVE');
});
