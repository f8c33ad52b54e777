import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { mirrorsFor, parseAptSources } from '../../../src/engine/image/bootstrap/apt-sources.ts';
import { busyboxLayer } from '../../../src/engine/image/bootstrap/busybox.ts';
import { parseBootstrapSource } from '../../../src/engine/image/bootstrap/source.ts';
import { isStaticElf } from '../../../src/engine/kernel/index.ts';
import { isPlimsollError } from '../../../src/errors.ts';
import { noRoot, openLayerRoot } from '../../support/layer-root.ts';

const noBusybox =
  noRoot || (['/bin/busybox', '/usr/bin/busybox'].some(isStaticElf) ? false : 'needs a static busybox');
const noMmdebstrap = noRoot || (existsSync('/usr/bin/mmdebstrap') ? false : 'needs mmdebstrap');

test('bootstrap() makes a busybox that runs, and the same one again', { skip: noBusybox }, async () => {
  using place = openLayerRoot();
  const image = await place.images.bootstrap({ source: 'busybox', tag: 'bb:1' });
  assert.deepEqual(image.references, ['docker.io/library/bb:1', 'localhost/busybox:latest']);
  const { layers, config } = place.images.resolve('busybox');
  assert.deepEqual(config.config.Cmd, ['sh']);
  const again = await place.images.bootstrap({ source: 'busybox' });
  assert.equal(again.id, image.id);

  await using staged = await place.snapshots.stage(layers);
  const sh = (script: string) =>
    execFileSync('chroot', [staged.target, '/bin/sh', '-c', script], {
      encoding: 'utf8',
      env: { PATH: '/usr/sbin:/sbin:/usr/bin:/bin' },
    });
  assert.equal(sh('echo ok'), 'ok\n');
  assert.equal(
    sh('awk -F: \'$1 == "nobody" { print $3 }\' /etc/passwd; touch /tmp/x; stat -c %a /tmp'),
    '65534\n1777\n',
  );
});

test('a busybox that needs a loader is not taken', { skip: noBusybox }, async () => {
  using place = openLayerRoot();
  assert.equal(isStaticElf(process.execPath), false);
  const folder = mkdtempSync(join(tmpdir(), 'elf-'));
  writeFileSync(join(folder, 'text'), '#!/bin/sh\n');
  writeFileSync(join(folder, 'short'), '\x7fELF');
  for (const name of ['text', 'short', 'absent']) assert.equal(isStaticElf(join(folder, name)), false);
  rmSync(folder, { recursive: true });
  const held = await busyboxLayer(place.snapshots, { searchPath: folder });
  assert.ok(held.created > 0);
});

for (const [source, why] of [
  ['debian', /which suite/],
  ['ubuntu:latest', /which suite/],
  ['fedora:42', /cannot bootstrap/],
  ['', /cannot bootstrap/],
  ['debian:--include=x', /not the name of a debian suite/],
  ['debian:../x', /not the name of a debian suite/],
] as const) {
  test(`bootstrap() refuses the source "${source}"`, () => {
    assert.throws(
      () => parseBootstrapSource(source),
      error =>
        isPlimsollError(error, 'invalid-argument') && why.test(error.message) && error.hint !== undefined,
    );
  });
}

test('bootstrap() of a distribution ends its tool and leaves nothing when it is cancelled', {
  skip: noMmdebstrap,
}, async () => {
  using place = openLayerRoot();
  const stop = new AbortController();
  const lines: string[] = [];
  const making = place.images.bootstrap({
    source: 'debian:bookworm',
    signal: stop.signal,
    onProgress: line => {
      lines.push(line);
      stop.abort();
    },
  });
  await assert.rejects(
    making,
    error => isPlimsollError(error, 'cancelled') || isPlimsollError(error, 'unavailable'),
  );
  assert.ok(lines.length > 0 || !existsSync('/usr/share/keyrings/debian-archive-keyring.gpg'));
  assert.deepEqual(
    readdirSync(join(place.root.dataDir, 'tmp')).filter(name => name !== 'trash'),
    [],
  );
  assert.deepEqual([place.images.list(), place.db.all('SELECT * FROM leases')], [[], []]);
});

const deb822 = `# comment
Types: deb
URIs: http://mirror.example/debian/
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm

Types: deb deb-src
URIs: https://mirror.example/debian-security
 http://second.example/debian-security
Suites: bookworm-security
Components: main
`;
const oneLine = `deb [arch=amd64 signed-by=/x] http://ubuntu.example/ubuntu noble main universe
# deb http://off.example/ubuntu noble main
deb-src http://ubuntu.example/ubuntu noble main
deb cdrom:[Debian]/ bookworm main
`;

test('parseAptSources() reads both formats of sources.list(5)', () => {
  assert.deepEqual(parseAptSources('a.sources', deb822), [
    { uri: 'http://mirror.example/debian', suites: ['bookworm', 'bookworm-updates'] },
    { uri: 'https://mirror.example/debian-security', suites: ['bookworm-security'] },
    { uri: 'http://second.example/debian-security', suites: ['bookworm-security'] },
  ]);
  assert.deepEqual(parseAptSources('sources.list', oneLine), [
    { uri: 'http://ubuntu.example/ubuntu', suites: ['noble'] },
  ]);
});

test("mirrorsFor() takes the host's own lines for a suite, with updates and security", () => {
  const sources = parseAptSources('a.sources', deb822);
  assert.deepEqual(mirrorsFor(sources, { distribution: 'debian', suite: 'bookworm' }), [
    'deb http://mirror.example/debian bookworm main',
    'deb http://mirror.example/debian bookworm-updates main',
    'deb https://mirror.example/debian-security bookworm-security main',
    'deb http://second.example/debian-security bookworm-security main',
  ]);
});

test("mirrorsFor() takes the host's mirror for another suite, and leaves the rest to the tool", () => {
  const sources = parseAptSources('a.sources', deb822);
  assert.deepEqual(mirrorsFor(sources, { distribution: 'debian', suite: 'trixie' }), [
    'deb http://mirror.example/debian trixie main',
  ]);
  assert.deepEqual(mirrorsFor([], { distribution: 'debian', suite: 'trixie' }), []);
  assert.match(
    mirrorsFor(sources, { distribution: 'ubuntu', suite: 'noble' })[0] ?? '',
    /ubuntu noble main universe$/,
  );
});
