import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createEngine, type DiskUsage, type Engine, type Root } from '../../../../src/engine/index.ts';
import { Database } from '../../../../src/engine/store/index.ts';
import { cannotRunContainers } from '../../../support/busybox-rootfs.ts';
import { rootOfOwn } from '../../../support/root-of-own.ts';

function du({ dataDir }: Root): number {
  return Number(execFileSync('du', ['-sx', '--block-size=1', dataDir], { encoding: 'utf8' }).split('\t')[0]);
}

/** What both say of the same moment: the database's log may grow by a page meanwhile. */
async function bothOf(engine: Engine, root: Root): Promise<[DiskUsage, number]> {
  for (;;) {
    const before = du(root);
    const usage = await engine.system.diskUsage();
    if (du(root) === before) return [usage, before];
  }
}

function category({ categories }: DiskUsage, kind: DiskUsage['categories'][number]['kind']) {
  const found = categories.find(each => each.kind === kind);
  assert.ok(found);
  return found;
}

/** Keeps bytes as the packed form of a layer, as a pull does. */
function keepPacked({ dataDir }: Root, diffId: string, bytes: Buffer): void {
  using db = Database.open(join(dataDir, 'plimsoll.db'));
  const hex = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(join(dataDir, 'blobs/sha256', hex), bytes);
  const [digest, type] = [`sha256:${hex}`, 'application/vnd.oci.image.layer.v1.tar+gzip'];
  db.run('INSERT INTO blobs VALUES (?, ?, ?, ?)', digest, type, bytes.length, Date.now());
  db.run('INSERT INTO layer_blobs VALUES (?, ?, ?, ?, 1)', digest, diffId, type, bytes.length);
}

/** A root with something of every kind. */
async function fill(engine: Engine, folder: string): Promise<void> {
  const context = join(folder, 'context');
  mkdirSync(context);
  writeFileSync(join(context, 'data'), Buffer.alloc(300_000, 'x'));
  const dockerfile = (text: string) => writeFileSync(join(context, 'Dockerfile'), text);
  dockerfile(
    'FROM localhost/busybox\nCOPY data /a\nRUN --mount=type=cache,target=/c cp /a /c/b && cp /a /x && ln /x /y\nCOPY data /b\n',
  );
  await engine.builds.build({ context, tags: ['app:1'] });
  dockerfile('FROM localhost/busybox\nCOPY data /a\n');
  await engine.builds.build({ context, tags: ['other:1'] });
  const spec = { image: 'other:1', command: ['sh', '-c', 'cat /a >/v/x; cat /a >/y'], network: 'none' };
  const { id } = await engine.containers.create({
    ...spec,
    mounts: [{ type: 'volume', name: 'kept', target: '/v', readOnly: false }],
  });
  await engine.containers.start(id);
  await engine.containers.wait(id);
}

test('pain 3: every byte under the root belongs to a record: df and du agree, orphans are named and swept', {
  skip: cannotRunContainers,
}, async () => {
  await using own = await rootOfOwn();
  await using engine = await createEngine({ root: own.root });
  await fill(engine, own.folder);
  const [usage, bytesByDu] = await bothOf(engine, own.root);
  assert.equal(usage.totalBytes, bytesByDu);
  assert.equal(
    usage.totalBytes,
    usage.categories.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  );
  assert.deepEqual(usage.orphans, []);
  const [images, containers, volumes, cache] = (['images', 'containers', 'volumes', 'cache'] as const).map(
    kind => category(usage, kind),
  );
  const alone = (await engine.builds.cacheUsage()).filter(({ shared }) => !shared);
  const cached = new Map(alone.map(({ id, layer = id, sizeBytes }) => [layer, sizeBytes]));
  assert.equal(
    cache?.sizeBytes,
    [...cached.values()].reduce((sum, bytes) => sum + bytes, 0),
    'builder du agrees too',
  );
  assert.deepEqual([images?.count, images?.active], [3, 1]);
  assert.deepEqual([containers?.count, containers?.active], [1, 0]);
  assert.ok((containers?.reclaimableBytes ?? 0) > 300_000);
  assert.deepEqual([volumes?.count, volumes?.active, volumes?.reclaimableBytes], [1, 1, 0]);
  assert.ok((cache?.sizeBytes ?? 0) > 300_000, 'the cache mount');
  const bytes = (name: string) => usage.images.find(({ id }) => id === engine.images.inspect(name).id);
  assert.equal(bytes('other:1')?.containers, 1);
  assert.ok((bytes('other:1')?.sharedBytes ?? 0) > 300_000 && (bytes('other:1')?.uniqueBytes ?? 0) < 20_000);
  assert.ok((bytes('app:1')?.uniqueBytes ?? 0) > 300_000, 'its last layer is its own');

  const strays = [
    'layers/0123456789ab/file',
    'recipes/0123456789ab',
    `blobs/sha256/${'0'.repeat(64)}`,
    `downloads/${'1'.repeat(64)}`,
    `containers/${'2'.repeat(64)}/upper/file`,
    'mounts/stray-0/file',
    'builds/stray.jsonl',
    'tmp/stray/file',
    'volumes/stray/_data/file',
  ];
  for (const stray of strays) {
    mkdirSync(join(own.root.dataDir, stray, '..'), { recursive: true });
    writeFileSync(join(own.root.dataDir, stray), Buffer.alloc(10_000));
  }
  utimesSync(join(own.root.dataDir, `containers/${'2'.repeat(64)}`), 0, 0); // nobody is just making it
  const units = strays.map(stray =>
    stray
      .split('/')
      .slice(0, stray.startsWith('blobs') ? 3 : 2)
      .join('/'),
  );
  const [dirty, dirtyByDu] = await bothOf(engine, own.root);
  assert.deepEqual(dirty.orphans.map(({ path }) => path).sort(), units.toSorted());
  assert.equal(dirty.totalBytes, dirtyByDu);
  const { orphans } = await engine.system.prune({ until: 0 });
  const users = 'volumes/stray'; // a volume's bytes are the user's
  assert.deepEqual(orphans.map(({ path }) => path).sort(), units.filter(unit => unit !== users).sort());
  assert.deepEqual(
    (await engine.system.diskUsage()).orphans.map(({ path }) => path),
    [users],
  );
  assert.ok(existsSync(join(own.root.dataDir, users, '_data/file')));
});

test('builder du counts packed layers that are kept as they came, as du and system df do', {
  skip: cannotRunContainers,
}, async () => {
  await using own = await rootOfOwn();
  await using engine = await createEngine({ root: own.root });
  const context = join(own.folder, 'context');
  mkdirSync(context);
  writeFileSync(join(context, 'data'), Buffer.alloc(300_000, 'x'));
  writeFileSync(join(context, 'Dockerfile'), 'FROM localhost/busybox\nCOPY data /a\nCOPY data /b\n');
  const { image } = await engine.builds.build({ context });
  const layer = engine.images.inspect(image).layers.at(-1);
  keepPacked(own.root, layer?.diffId ?? '', Buffer.alloc(100_000, 'z'));
  await engine.images.remove(image, { force: true });
  const listed = await engine.builds.cacheUsage();
  assert.deepEqual([listed.length, listed.every(({ shared }) => !shared)], [2, true]);
  const bytes = new Map(listed.map(({ layer, sizeBytes }) => [layer, sizeBytes]));
  const sum = [...bytes.values()].reduce((all, one) => all + one, 0);
  const [usage] = await bothOf(engine, own.root);
  assert.equal(sum, category(usage, 'cache').sizeBytes);
  const { reclaimedBytes } = await engine.builds.pruneCache();
  assert.equal(reclaimedBytes, sum);
  assert.equal(category(await engine.system.diskUsage(), 'cache').sizeBytes, 0);
});

test('system prune takes what nothing needs, and nothing that something needs', {
  skip: cannotRunContainers,
}, async () => {
  await using own = await rootOfOwn();
  await using engine = await createEngine({ root: own.root });
  await fill(engine, own.folder);
  await engine.networks.create({ name: 'empty' });
  await engine.volumes.create();
  const kept = await engine.system.prune({ until: 0 });
  assert.deepEqual([kept.containers, kept.networks, kept.images, kept.cacheRecords], [[], [], [], 0]);
  const first = await engine.system.prune();
  assert.deepEqual([first.containers.length, first.networks, first.volumes], [1, ['empty'], []]);
  assert.ok(first.cacheRecords > 0 && first.reclaimedBytes > 600_000, String(first.reclaimedBytes));
  assert.equal(engine.images.list().length, 3, 'images with a name stay');
  const all = await engine.system.prune({ all: true, volumes: true });
  assert.equal(all.volumes.length, 1);
  assert.deepEqual(
    engine.volumes.list().map(({ name }) => name),
    ['kept'],
  );
  const usage = await engine.system.diskUsage();
  assert.deepEqual([engine.images.list(), category(usage, 'cache').count], [[], 0]);
  assert.equal(category(usage, 'images').sizeBytes, 0);
  assert.equal(usage.totalBytes, du(own.root));
});

test('images are pruned by age and label', { skip: cannotRunContainers }, async () => {
  await using own = await rootOfOwn();
  await using engine = await createEngine({ root: own.root });
  const context = join(own.folder, 'context');
  mkdirSync(context);
  writeFileSync(join(context, 'Dockerfile'), 'FROM localhost/busybox\nLABEL keep=yes\n');
  await engine.builds.build({ context, tags: ['kept:1'] });
  const names = () =>
    engine.images
      .list()
      .flatMap(({ references }) => references)
      .sort();
  await engine.images.prune({ all: true, labels: ['keep=no'] });
  await engine.images.prune({ all: true, until: 0 });
  assert.equal(names().length, 2);
  await engine.images.prune({ all: true, withoutLabels: ['keep'] });
  assert.deepEqual(names(), ['docker.io/library/kept:1']);
  await engine.images.prune({ all: true, labels: ['keep=yes'] });
  assert.deepEqual(names(), []);
});
