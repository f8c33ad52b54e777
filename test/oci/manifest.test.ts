import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isPlimsollError } from '../../src/errors.ts';
import {
  choosePlatform,
  dockerMediaTypes,
  formatPlatform,
  type ImageIndex,
  mediaTypes,
  parseImageConfig,
  parseManifest,
  parsePlatform,
  platformsOf,
  remoteCandidates,
} from '../../src/oci/index.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
const config = { mediaType: mediaTypes.config, digest: digest('c'), size: 10 };
const layer = { mediaType: mediaTypes.layerGzip, digest: digest('a'), size: 20 };

test('parseManifest() reads OCI and Docker manifests and indexes', () => {
  const image = parseManifest(bytes({ schemaVersion: 2, config, layers: [layer] }), mediaTypes.manifest);
  assert.ok(image.kind === 'image');
  assert.deepEqual(image.manifest.layers, [layer]);
  const docker = { schemaVersion: 2, mediaType: dockerMediaTypes.manifest, config, layers: [] };
  assert.equal(parseManifest(bytes(docker), `${dockerMediaTypes.manifest}; charset=utf-8`).kind, 'image');
  const list = parseManifest(
    bytes({ schemaVersion: 2, manifests: [{ ...config, platform: { os: 'linux', architecture: 'arm64' } }] }),
    dockerMediaTypes.index,
  );
  assert.ok(list.kind === 'index');
  assert.deepEqual(platformsOf(list.index), ['linux/arm64']);
});

const bad: Readonly<Record<string, readonly [unknown, string]>> = {
  'one that says another type of itself': [
    { schemaVersion: 2, mediaType: mediaTypes.index, config, layers: [] },
    mediaTypes.manifest,
  ],
  'one that is an image and an index (CVE-2021-41190)': [
    { schemaVersion: 2, config, layers: [], manifests: [] },
    mediaTypes.index,
  ],
  'one without a config': [{ schemaVersion: 2, layers: [] }, mediaTypes.manifest],
  'a layer without a digest': [
    { schemaVersion: 2, config, layers: [{ ...layer, digest: 'x' }] },
    mediaTypes.manifest,
  ],
  'a negative size': [{ schemaVersion: 2, config, layers: [{ ...layer, size: -1 }] }, mediaTypes.manifest],
  'a size that is a text': [
    { schemaVersion: 2, config, layers: [{ ...layer, size: '1' }] },
    mediaTypes.manifest,
  ],
  'six hundred layers': [{ schemaVersion: 2, config, layers: Array(600).fill(layer) }, mediaTypes.manifest],
  'another schema version': [{ schemaVersion: 1 }, mediaTypes.manifest],
  'what is no object': [[], mediaTypes.manifest],
};

for (const [what, [value, type]] of Object.entries(bad)) {
  test(`parseManifest() refuses ${what}`, () => {
    assert.throws(
      () => parseManifest(bytes(value), type),
      error => isPlimsollError(error, 'data-loss') && error.code === 'BAD_DOCUMENT',
    );
  });
}

test('parseManifest() names what it does not read: schema 1, and what is no manifest', () => {
  const refuses = (type: string, words: RegExp) =>
    assert.throws(
      () => parseManifest(bytes({}), type),
      error => isPlimsollError(error, 'not-implemented') && words.test(error.message),
    );
  refuses('application/vnd.docker.distribution.manifest.v1+prettyjws', /old schema 1/);
  refuses('text/html', /"text\/html", which is no manifest/);
});

test('parseManifest() and parseImageConfig() take any bytes without anything but our errors', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map(text => Buffer.from(text)),
      ),
      raw => {
        for (const read of [
          () => parseManifest(raw, mediaTypes.manifest),
          () => parseManifest(raw, mediaTypes.index),
          () => parseImageConfig(raw),
        ]) {
          try {
            read();
          } catch (error) {
            assert.ok(isPlimsollError(error), String(error));
          }
        }
      },
    ),
  );
});

test('parseImageConfig() fills in what publishers leave out or set to null', () => {
  const read = parseImageConfig(
    bytes({
      architecture: 'amd64',
      os: 'linux',
      variant: '',
      config: {
        Env: null,
        Entrypoint: null,
        Cmd: ['sh'],
        Labels: { a: null },
        ExposedPorts: { '80/tcp': {} },
      },
      rootfs: { type: 'layers', diff_ids: [digest('d')] },
      container: 'ignored',
    }),
  );
  assert.deepEqual(read, {
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['sh'], Labels: { a: '' }, ExposedPorts: { '80/tcp': {} } },
    rootfs: { type: 'layers', diff_ids: [digest('d')] },
    history: [],
  });
  assert.deepEqual(
    parseImageConfig(bytes({ config: null, rootfs: { diff_ids: null }, history: null })).config,
    {},
  );
});

test('parseImageConfig() refuses a layer that is named by no sha256 digest', () => {
  assert.throws(
    () => parseImageConfig(bytes({ rootfs: { diff_ids: ['../../etc'] } })),
    error => isPlimsollError(error, 'data-loss'),
  );
});

test('choosePlatform() takes the very platform, else the newest older variant that runs on it', () => {
  const entry = (platform: string, letter: string) => ({
    ...config,
    digest: digest(letter),
    platform: parsePlatform(platform),
  });
  const index: ImageIndex = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [
      { ...config, digest: digest('0'), platform: { os: 'unknown', architecture: 'unknown' } },
      entry('linux/arm/v5', '5'),
      entry('linux/arm/v6', '6'),
      { ...config, digest: digest('8'), platform: { os: 'linux', architecture: 'arm64' } },
      entry('linux/amd64', 'a'),
      entry('linux/amd64/v3', 'b'),
    ],
  };
  const chosen = (platform: string) => choosePlatform(index, parsePlatform(platform))?.digest.slice(-1);
  assert.equal(chosen('linux/amd64'), 'a');
  assert.equal(chosen('x86_64'), 'a');
  assert.equal(chosen('linux/amd64/v4'), 'b');
  assert.equal(chosen('linux/arm/v7'), '6');
  assert.equal(chosen('linux/arm/v5'), '5');
  assert.equal(chosen('linux/arm64'), '8');
  assert.equal(chosen('linux/s390x'), undefined);
  assert.equal(chosen('windows/amd64'), undefined);
});

test('parsePlatform() reads back what formatPlatform() writes, and refuses what is none', () => {
  for (const text of ['linux/amd64', 'linux/arm/v6', 'linux/arm64/v8', 'windows/amd64', 'linux/riscv64']) {
    assert.equal(formatPlatform(parsePlatform(text)), text);
  }
  for (const text of ['', '/', 'linux/', 'a/b/c/d', 'linux/am d64']) {
    assert.throws(
      () => parsePlatform(text),
      error => isPlimsollError(error, 'invalid-argument'),
      text,
    );
  }
});

test('remoteCandidates() looks for a name without a registry in the list, for others where they say', () => {
  const names = (text: string, search: string[]) =>
    remoteCandidates(text, search).map(({ domain, path, tag }) => `${domain}/${path}:${tag}`);
  assert.deepEqual(names('busybox', ['docker.io']), ['docker.io/library/busybox:latest']);
  assert.deepEqual(names('busybox:1', ['quay.io', 'docker.io']), [
    'quay.io/busybox:1',
    'docker.io/library/busybox:1',
  ]);
  assert.deepEqual(names('localhost:5000/a', ['quay.io']), ['localhost:5000/a:latest']);
});
