import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { BuildKeeper } from '../../../src/engine/build/index.ts';
import type { ContainerService, ContainerSummary } from '../../../src/engine/container/index.ts';
import type { ImageService } from '../../../src/engine/image/index.ts';
import type { NetworkService } from '../../../src/engine/network/index.ts';
import type { SnapshotService } from '../../../src/engine/snapshot/index.ts';
import { createSnapshotService } from '../../../src/engine/snapshot/index.ts';
import {
  createBlobs,
  createLeases,
  createRootFolders,
  Database,
  resolveRoot,
} from '../../../src/engine/store/index.ts';
import { type CheckProblem, createSystemService } from '../../../src/engine/system/index.ts';
import type { VolumeService } from '../../../src/engine/volume/index.ts';

test('a root in order has no problems', async t => {
  const { system, blobs } = setUp(t);
  blobs.put(Buffer.from('whole'), 'text/plain');
  assert.deepEqual(await system.check({ deep: true }), []);
});

test('check() names damage to content that nobody can mend', async t => {
  const { system, blobs, db, root } = setUp(t);
  const broken = blobs.put(Buffer.from('right'), 'text/plain');
  const gone = blobs.put(Buffer.from('gone'), 'text/plain');
  const file = (digest: string) => join(root.dataDir, 'blobs/sha256', digest.slice('sha256:'.length));
  writeFileSync(file(broken), 'wrong');
  rmSync(file(gone));
  const layer = `sha256:${'a'.repeat(64)}`;
  db.run(
    'INSERT INTO layers (diff_id, dir, size, tar_size, created) VALUES (?, ?, 0, 0, 0)',
    layer,
    'aaaaaaaaaaaa',
  );
  db.run(
    'INSERT INTO images (id, manifest, layers, size, created, stored) VALUES (?, ?, ?, 0, 0, 0)',
    broken,
    gone,
    JSON.stringify([layer, 'sha256:no']),
  );
  const problems = await system.check({ repair: true });
  assert.deepEqual(
    words(problems),
    [
      `blob ${broken}: the file does not hash to it`,
      `blob ${gone}: the record has no file`,
      `layer ${layer}: the record has no folder`,
      `image ${broken}: its layer sha256:no is missing`,
    ].sort(),
  );
  assert.ok(problems.every(({ fix }) => fix === undefined));
  assert.deepEqual(await system.check(), problems, 'repair left it alone');
});

test('check({ repair }) removes what no record names, and then finds nothing', async t => {
  const { system, db, root } = setUp(t);
  const container = 'c'.repeat(64);
  const paths = [
    join(root.dataDir, 'blobs/sha256', 'b'.repeat(64)),
    join(root.dataDir, 'layers/bbbbbbbbbbbb/file'),
    join(root.dataDir, 'containers', container, 'log'),
    join(root.dataDir, 'recipes/cccccccccccc'),
    join(root.dataDir, 'downloads', 'd'.repeat(64)),
  ];
  for (const path of paths) {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, 'x');
  }
  utimesSync(join(root.dataDir, 'containers', container), 0, 0);
  mkdirSync(join(root.dataDir, 'layers/empty'));
  const young = join(root.dataDir, 'containers', 'd'.repeat(64));
  mkdirSync(young);
  db.run("INSERT INTO ports VALUES ('tcp', '0.0.0.0', 80, ?, 80)", container);
  db.run("INSERT INTO leases VALUES ('l1', 'stage', 'l1', 1, 12345, 'another boot', 0)");
  db.run("INSERT INTO layer_blobs VALUES ('sha256:x', 'sha256:y', 'x', 0, 0)");
  const problems = await system.check();
  assert.deepEqual(problems.map(({ area }) => area).sort(), [
    'blob',
    'blob',
    'container',
    'download',
    'layer',
    'layer',
    'lease',
    'network',
  ]);
  assert.ok(problems.every(({ fix }) => fix !== undefined));
  assert.ok(
    paths.every(path => existsSync(path)),
    'looking changes nothing',
  );
  assert.deepEqual(await system.check({ repair: true }), problems);
  assert.deepEqual(await system.check(), []);
  assert.ok(!paths.some(path => existsSync(path)));
  assert.ok(existsSync(join(root.dataDir, 'layers/empty')) && existsSync(young));
});

test('what a later look does not find any more was others at work', async t => {
  const looks = [['plb1', 'plb2'], ['plb2', 'plb3'], ['plb3']];
  const { system } = setUp(t, [], {
    leftovers: async () => (looks.shift() ?? []).map(subject => ({ subject, problem: 'is just being made' })),
  });
  assert.deepEqual(await system.check(), []);
  assert.deepEqual(looks, [], 'it looked three times');
});

test('check() knows what builds keep, and what of it belongs to nobody', async t => {
  const { system, db, root } = setUp(t);
  const at = (name: string) => join(root.dataDir, name);
  const kept = ['mounts/0123456789abcdef-0', 'builds/b1.jsonl', 'builds/contexts/0123456789abcdef'];
  const busy = ['mounts/new-0123456789abcdef-1.held', `builds/contexts/0123456789abcdef.${process.pid}`];
  const stray = ['mounts/new-0123456789abcdef-2.gone', 'mounts/fedcba9876543210-0', 'builds/b2.jsonl'];
  const torn = 'builds/contexts/0123456789abcdef.4194305'; // beyond the largest pid
  for (const name of [...kept, ...busy, ...stray, torn]) mkdirSync(at(name), { recursive: true });
  db.run(
    "INSERT INTO build_mounts (key, variant, name, dir, created, last_used) VALUES ('k', 0, 'cache', '0123456789abcdef-0', 0, 0)",
  );
  createLeases({ db, clock: Date.now }).take('mount', '0123456789abcdef-1');
  db.run("UPDATE leases SET id = 'held'");
  db.run(`INSERT INTO builds (id, started, state, record) VALUES ('b1', 0, 'succeeded', '{}')`);
  const found = (await system.check({ repair: true })).map(({ subject }) => subject);
  assert.deepEqual(found.sort(), [...stray, torn].map(name => basename(name)).sort());
  assert.ok([...kept, ...busy].every(name => existsSync(at(name))));
  assert.deepEqual(await system.check(), []);
});

test('a container that is said to run but does not is a problem, and so is a row that refers to nothing', async t => {
  const container = { id: 'e'.repeat(64), name: 'web', state: { status: 'running', restartCount: 0 } };
  const { system, db } = setUp(t, [container as unknown as ContainerSummary]);
  db.run('PRAGMA foreign_keys = OFF');
  db.run("INSERT INTO tags VALUES ('localhost/app:latest', 'sha256:gone', 0)");
  assert.deepEqual(words(await system.check()), [
    'container web: running without a process',
    'database tags: a row refers to a missing images',
  ]);
  assert.deepEqual(system.info().containers, { running: 1, paused: 0, stopped: 0 });
});

test('what the network service finds is repaired by it, with everybody who may live named', async t => {
  const repaired: string[][] = [];
  const { system, root, db } = setUp(t, [], {
    leftovers: async () => [{ subject: 'plb1', problem: 'a bridge that no container is on' }],
    repair: async live => void repaired.push([...(typeof live === 'function' ? live() : live)]),
  });
  mkdirSync(join(root.runDir, 'containers', 'f'.repeat(64)), { recursive: true });
  db.run("INSERT INTO builds VALUES ('goes', 1, 'running', '{}'), ('dead', 1, 'lost', '{}')");
  db.run("INSERT INTO networks (name, id, driver, created, options) VALUES ('n', 'n', 'bridge', 0, '{}')");
  for (const step of ['build-goes-1', 'build-dead-2'])
    db.run(
      "INSERT INTO addresses (network, address, container, mac, interface) VALUES ('n', ?, ?, '', 'eth0')",
      step,
      step,
    );
  assert.deepEqual(words(await system.check()), ['network plb1: a bridge that no container is on']);
  assert.deepEqual(repaired, []);
  await system.check({ repair: true });
  assert.deepEqual(repaired, [['f'.repeat(64), 'build-goes-1']], 'also one that is just being started');
});

const canMount = process.getuid?.() === 0 && spawnSync('mount', ['--version']).status === 0;
test('a mount under the root that nobody needs is found and unmounted', {
  skip: !canMount && 'needs root and mount(8)',
}, async t => {
  const { system, root } = setUp(t);
  const folder = join(root.runDir, 'containers', 'a'.repeat(64));
  const target = join(folder, 'rootfs');
  mkdirSync(target, { recursive: true });
  t.after(() => spawnSync('umount', ['-l', target]));
  assert.equal(spawnSync('mount', ['-t', 'tmpfs', 'none', target]).status, 0);
  assert.deepEqual(await system.check(), [], 'a container may be starting there');
  utimesSync(folder, 0, 0);
  assert.deepEqual(words(await system.check()), [
    `container aaaaaaaaaaaa: the folder "${folder}" has no record`,
    `mount ${target}: mounted for nothing that runs`,
  ]);
  await system.check({ repair: true });
  assert.deepEqual(await system.check(), []);
});

function words(problems: readonly CheckProblem[]): string[] {
  return problems.map(({ area, subject, problem }) => `${area} ${subject}: ${problem}`).sort();
}

function setUp(
  t: TestContext,
  containers: readonly ContainerSummary[] = [],
  networks: Partial<NetworkService> = { leftovers: async () => [] },
) {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-system-'));
  const root = {
    ...resolveRoot({ root: join(folder, 'data'), env: {}, uid: 0 }),
    runDir: join(folder, 'run'),
  };
  createRootFolders(root);
  const db = Database.open(join(root.dataDir, 'plimsoll.db'));
  t.after(() => {
    db.close();
    rmSync(folder, { recursive: true });
  });
  const system = createSystemService({
    root,
    db,
    images: { list: () => [] } as Partial<ImageService> as ImageService,
    containers: { list: () => [...containers] } as Partial<ContainerService> as ContainerService,
    snapshots: createSnapshotService({ root, db }) as Partial<SnapshotService> as SnapshotService,
    networks: networks as NetworkService,
    volumes: {} as VolumeService,
    builds: {} as BuildKeeper,
    runtime: () => 'crun',
    cgroupVersion: () => 'v2',
    pausesMs: [1, 1],
  });
  return { root, db, system, blobs: createBlobs({ root, db, clock: Date.now }) };
}
