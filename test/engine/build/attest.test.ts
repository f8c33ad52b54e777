import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { readApkInstalled, readDpkgStatus } from '../../../src/engine/build/attest/read-packages.ts';
import { openBuildRoot } from '../../support/build-root.ts';
import { startFakeRegistry } from '../../support/fake-registry.ts';
import { noRoot } from '../../support/layer-root.ts';

const dpkg = `Package: libc6
Status: install ok installed
Architecture: amd64
Maintainer: GNU Libc Maintainers <debian-glibc@lists.debian.org>
Source: glibc
Version: 2.36-9+deb12u10
Description: GNU C Library
 and more of it

Package: gone
Status: deinstall ok config-files
Version: 1
`;

const apk =
  'C:Q1x\nP:musl\nV:1.2.4-r2\nA:x86_64\nL:MIT\no:musl\n\nP:busybox\nV:1.36.1-r5\nA:x86_64\nL:GPL-2.0-only\n';

test('installed packages are read from the databases of dpkg and apk', () => {
  assert.deepEqual(
    readDpkgStatus(dpkg).map(({ name, version, source }) => [name, version, source]),
    [['libc6', '2.36-9+deb12u10', 'glibc']],
  );
  assert.deepEqual(
    readApkInstalled(apk).map(({ name, version, licence }) => [name, version, licence]),
    [
      ['musl', '1.2.4-r2', 'MIT'],
      ['busybox', '1.36.1-r5', 'GPL-2.0-only'],
    ],
  );
});

const files: Readonly<Record<string, string>> = {
  '/var/lib/dpkg/status': dpkg,
  '/etc/os-release': 'ID=debian\nVERSION_ID="12"\n',
};

test('provenance and SBOM are pushed as BuildKit attaches them, and are not in the image', {
  skip: noRoot,
}, async () => {
  await using registry = await startFakeRegistry();
  using root = openBuildRoot({
    fakeRun: (_, rootfs) => {
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(dirname(join(rootfs, path)), { recursive: true });
        writeFileSync(join(rootfs, path), content);
      }
      return 0;
    },
    registry: { credential: async () => undefined },
  });
  const name = `${registry.host}/app:1`;
  const text = 'FROM scratch\nARG TOKEN\nRUN install\n';
  const secret = { secrets: { key: { value: 'sesame' } }, buildArgs: { TOKEN: 'open-up' } };
  const plain = await root.build(text, { ...secret, tags: [name] });
  const { image } = await root.build(text, { ...secret, tags: [name], provenance: 'max', sbom: true });
  assert.equal(image, plain.image, 'what is attested changes nothing of the image');
  const { digest } = await root.images.push({ name });
  const parse = (bytes: Buffer | undefined) => JSON.parse(bytes?.toString() ?? '') as Record<string, never>;
  const index = parse(registry.manifests.get('app:1')?.bytes) as unknown as {
    manifests: { digest: string; annotations?: Record<string, string>; platform: { os: string } }[];
  };
  const [own, attested] = index.manifests;
  assert.equal(own?.platform.os, 'linux');
  assert.deepEqual(attested?.annotations, {
    'vnd.docker.reference.digest': own?.digest,
    'vnd.docker.reference.type': 'attestation-manifest',
  });
  const manifest = parse(registry.manifests.get(`app@${attested?.digest}`)?.bytes) as unknown as {
    layers: { digest: string; annotations: Record<string, string> }[];
  };
  const statements = new Map(
    manifest.layers.map(layer => [
      layer.annotations['in-toto.io/predicate-type'],
      parse(registry.blobs.get(layer.digest)) as unknown as {
        subject: { digest: { sha256: string } }[];
        predicate: Record<string, never>;
      },
    ]),
  );
  const slsa = statements.get('https://slsa.dev/provenance/v1');
  assert.equal(`sha256:${slsa?.subject[0]?.digest.sha256}`, own?.digest);
  const said = JSON.stringify(slsa?.predicate);
  assert.ok(said.includes('"build-arg:TOKEN":"open-up"') && said.includes('"id":"key"'));
  assert.ok(!said.includes('sesame'));
  const spdx = JSON.stringify(statements.get('https://spdx.dev/Document')?.predicate);
  assert.ok(spdx.includes('pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64&distro=debian-12'), spdx);
  const pulled = await root.images.pull({ name });
  assert.deepEqual([pulled.id, pulled.digest], [image, digest]);
  await root.build(text, { ...secret, provenance: 'min', tags: [name] });
  assert.ok(!JSON.stringify(root.images.attestations(name)[0]).includes('open-up'), 'min tells no values');
});

test('an OCI archive has what is attested, and is read back', { skip: noRoot }, async () => {
  using root = openBuildRoot({ fakeRun: () => 0 });
  root.write('file', 'x');
  const { image } = await root.build('FROM scratch\nCOPY file /\n', {
    provenance: 'min',
    tags: ['localhost/app'],
  });
  const pieces: Buffer[] = [];
  for await (const piece of await root.archives.save({ names: ['localhost/app'], format: 'oci-archive' }))
    pieces.push(piece as Buffer);
  const archive = Buffer.concat(pieces);
  assert.ok(archive.includes('attestation-manifest') && archive.includes('slsa.dev/provenance'));
  await root.images.remove('localhost/app');
  const [loaded] = await root.archives.load({ archive: [archive] as unknown as AsyncIterable<Uint8Array> });
  assert.equal(loaded?.id, image);
});
