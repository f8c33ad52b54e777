import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostPlatform } from '../../src/oci/index.ts';
import { sha256 } from '../support/fake-registry.ts';
import { archiveImage, archiveOf, layoutOf, named } from '../support/image-archive.ts';
import { tarOf } from '../support/layer-root.ts';
import { noOrdinaryUser, openOrdinaryUser } from '../support/ordinary-user.ts';

test('an ordinary user unpacks owners, modes, devices, deletions and large layers as root does', {
  skip: noOrdinaryUser(),
}, () => {
  using user = openOrdinaryUser();
  const large = { name: 'large', content: 'x'.repeat(3_000_000) }; // is unpacked on a thread of its own
  const first = tarOf(
    { name: 'www', type: 'directory', mode: 0o555, uid: 33, gid: 33 },
    { name: 'www/page', content: 'ahoy', mode: 0o4755, uid: 33, gid: 34 },
    { name: 'old', type: 'directory', mode: 0o755 },
    { name: 'old/gone', content: 'x' },
    { name: 'old/deep', type: 'directory', mode: 0o755 },
    { name: 'old/deep/hidden', content: 'x' },
    { name: 'console', type: 'character', major: 5, minor: 1 }, // the kernel lets no user make it
    large,
  );
  const second = tarOf(
    { name: 'old/.wh.gone' },
    { name: 'old/deep', type: 'directory', mode: 0o755 },
    { name: 'old/deep/.wh..wh..opq' },
    { name: 'old/deep/seen', content: 'x' },
  );
  const file = join(user.home, 'image.tar');
  const architecture = hostPlatform(process.arch).architecture;
  const image = archiveImage([first, second], { architecture });
  writeFileSync(file, archiveOf(layoutOf([named(image.manifest, 'motley:1')], [image])));
  chmodSync(file, 0o644);
  assert.match(user.plimsoll('load', '-i', file), /Loaded image: motley:1/);
  user.plimsoll('image', 'bootstrap', 'busybox');
  writeFileSync(
    join(user.home, 'Dockerfile'),
    'FROM motley:1\nCOPY --from=localhost/busybox /bin/busybox /busybox\n',
  );
  user.plimsoll('build', '-t', 'shown', user.home);
  const shell = 'cd /; /busybox stat -c "%n %u:%g %a" www www/page; /busybox find old | /busybox sort';
  const shown = user.plimsoll('run', '--rm', '--network', 'none', 'shown', '/busybox', 'sh', '-c', shell);
  assert.deepEqual(shown.trim().split('\n'), [
    'www 33:33 555',
    'www/page 33:34 4755',
    'old',
    'old/deep',
    'old/deep/seen',
  ]);
  user.plimsoll('system', 'check');
  const saved = user.plimsoll('image', 'inspect', '-f', '{{json .RootFS.Layers}}', 'motley:1');
  assert.deepEqual(JSON.parse(saved), [sha256(first), sha256(second)]);
});
