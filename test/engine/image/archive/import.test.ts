import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { isPlimsollError } from '../../../../src/errors.ts';
import { evilArchives } from '../../../support/evil-archives.ts';
import { noRoot, openLayerRoot, streamOf, tarOf } from '../../../support/layer-root.ts';

const rootfs = tarOf({ name: 'bin', type: 'directory', mode: 0o755 }, { name: 'bin/sh', content: 'shell' });

test('the tar of a root filesystem becomes an image, however it is packed', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const ids: string[] = [];
  for (const bytes of [rootfs, gzipSync(rootfs), zstdCompressSync(rootfs)]) {
    const id = await place.archives.importTar({
      tar: streamOf(bytes),
      reference: 'localhost/base',
      changes: ['CMD ["sh"]', 'ENV A=1\nWORKDIR /srv'],
      message: 'a test',
      platform: 'linux/arm64',
    });
    ids.push(id);
  }
  const { config, layers, history, platform } = place.images.inspect('localhost/base:latest');
  assert.deepEqual(config.config, { Cmd: ['sh'], Env: ['A=1'], WorkingDir: '/srv' });
  assert.deepEqual(platform, { os: 'linux', architecture: 'arm64', variant: 'v8' });
  assert.equal(history[0]?.comment, 'a test');
  assert.equal(layers[0]?.sizeBytes, 'shell'.length);
  assert.equal(place.snapshots.layers().length, 1, 'the same files are the same layer');
});

test('a mistake in a name, a platform or a change is told before anything is read', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  for (const wrong of [{ reference: 'A B' }, { platform: '//' }, { changes: ['RUN true'] }]) {
    const tar = streamOf(rootfs);
    await assert.rejects(place.archives.importTar({ tar, ...wrong }), error =>
      isPlimsollError(error, 'invalid-argument'),
    );
    assert.ok(tar.destroyed && !tar.readableDidRead);
  }
  assert.deepEqual([place.images.list(), place.snapshots.layers()], [[], []]);
});

for (const [what, members] of Object.entries(evilArchives)) {
  test(`a root filesystem with ${what} is refused, whole`, { skip: noRoot }, async () => {
    using place = openLayerRoot();
    const importing = place.archives.importTar({
      tar: streamOf(tarOf({ name: 'a', type: 'directory' }, ...members)),
    });
    await assert.rejects(importing, error => isPlimsollError(error, 'invalid-argument'));
    assert.deepEqual([place.images.list(), place.snapshots.layers()], [[], []]);
  });
}
