import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeBusyboxRootfs } from '../../../support/busybox-rootfs.ts';
import { load, saved } from '../../../support/image-archive.ts';
import { type LayerRoot, openLayerRoot } from '../../../support/layer-root.ts';
import { dockerOfOwn, noPeer, type PeerEngine, peer, podmanOfOwn } from '../../../support/peer-engines.ts';

/** An image made here, with a whiteout in its second layer. */
async function makeImage({ layer, images }: LayerRoot): Promise<string> {
  using base = await layer([], target => {
    makeBusyboxRootfs(target);
    writeFileSync(join(target, 'gone'), 'gone');
  });
  using top = await layer([base.diffId], target => {
    rmSync(join(target, 'gone'));
    writeFileSync(join(target, 'there'), 'there');
  });
  return images.create({
    config: {
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config: { Cmd: ['sh', '-c', 'cat /there; ls /gone'], Env: ['PATH=/bin'] },
      rootfs: { type: 'layers', diff_ids: [base.diffId, top.diffId] },
      history: [{ created_by: 'base' }, { created_by: 'top' }],
    },
    references: ['localhost/crossed:1'],
  });
}

interface Place extends AsyncDisposable {
  readonly here: LayerRoot;
  readonly id: string;
  file(name: string): string;
  /** Writes what `save` gives into a file. */
  save(name: string, format?: 'docker-archive' | 'oci-archive'): Promise<string>;
}

async function place(): Promise<Place> {
  const folder = mkdtempSync('/var/tmp/plt-crossing-');
  const here = openLayerRoot();
  const id = await makeImage(here);
  const file = (name: string) => join(folder, name);
  return {
    here,
    id,
    file,
    save: async (name, format) => {
      writeFileSync(file(name), await saved(here, ['localhost/crossed:1'], format));
      return file(name);
    },
    [Symbol.asyncDispose]: async () => {
      here[Symbol.dispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What comes back from a peer is the image that went there. */
async function comesBack({ id, file }: Place, name: string): Promise<void> {
  using other = openLayerRoot();
  const [image] = await load(other, readFileSync(file(name)));
  assert.equal(image?.id, id);
  assert.deepEqual(image?.references, ['localhost/crossed:1']);
}

const idOf = async (engine: PeerEngine) =>
  (await engine.run('image', 'inspect', '--format', '{{.Id}}', 'localhost/crossed:1')).trim();

test('what is saved here is loaded by docker, and back', { skip: noPeer('dockerd', 'docker') }, async () => {
  await using it = await place();
  await using docker = await dockerOfOwn();
  for (const format of [undefined, 'docker-archive'] as const) {
    await docker.run('load', '-i', await it.save('there.tar', format));
    assert.equal(await idOf(docker), it.id);
    await docker.run('save', '-o', it.file('back.tar'), 'localhost/crossed:1');
    await comesBack(it, 'back.tar');
    await docker.run('rmi', 'localhost/crossed:1');
  }
});

test('what is saved here is loaded by podman, and back', { skip: noPeer('podman') }, async () => {
  await using it = await place();
  await using podman = podmanOfOwn();
  for (const format of [undefined, 'docker-archive', 'oci-archive'] as const) {
    await podman.run('load', '-i', await it.save('there.tar', format));
    assert.equal(`sha256:${await idOf(podman)}`, it.id);
    const back = format ?? 'docker-archive';
    rmSync(it.file('back.tar'), { force: true });
    await podman.run('save', '--format', back, '-o', it.file('back.tar'), 'localhost/crossed:1');
    await comesBack(it, 'back.tar');
    await podman.run('rmi', 'localhost/crossed:1');
  }
});

test('skopeo copies what is saved here, and what it copies is loaded', {
  skip: noPeer('skopeo'),
}, async () => {
  await using it = await place();
  const copy = (from: string, to: string) => peer('skopeo', '--insecure-policy', 'copy', '-q', from, to);
  await it.save('both.tar');
  for (const kind of ['docker-archive', 'oci-archive']) {
    await copy(`${kind}:${it.file('both.tar')}`, `${kind}:${it.file(`${kind}.tar`)}:localhost/crossed:1`);
    await comesBack(it, `${kind}.tar`);
  }
});

test('umoci unpacks what is saved here, without what a layer deletes', {
  skip: noPeer('umoci', 'skopeo'),
}, async () => {
  await using it = await place();
  const [archive, layout, bundle] = [
    await it.save('oci.tar', 'oci-archive'),
    it.file('layout'),
    it.file('bundle'),
  ];
  await peer('skopeo', '--insecure-policy', 'copy', '-q', `oci-archive:${archive}`, `oci:${layout}:it`);
  await peer('umoci', 'unpack', '--image', `${layout}:it`, bundle);
  assert.equal(readFileSync(join(bundle, 'rootfs/there'), 'utf8'), 'there');
  assert.ok(!existsSync(join(bundle, 'rootfs/gone')));
});
