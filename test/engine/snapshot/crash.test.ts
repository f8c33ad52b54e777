import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LayerRoot, noRoot, openLayerRoot, put } from '../../support/layer-root.ts';

test('sweep() takes away what a killed process had staged, with its mount', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const base = await place.layer([], target => put(target, 'a'));
  const child = startFixture(place, 'wait', base.diffId);
  await firstLine(child);
  assert.equal(place.snapshots.mounts().length, 1);
  assert.equal((await place.snapshots.sweep()).staged, 0, 'a living process keeps what it staged');
  await kill(child);
  assert.equal((await place.snapshots.sweep()).staged, 1);
  assert.deepEqual(place.snapshots.mounts(), []);
  assert.deepEqual(readdirSync(join(place.root.dataDir, 'tmp')), ['trash']);
  base[Symbol.dispose]();
  assert.deepEqual(place.db.all('SELECT * FROM leases'), []);
});

test('a process killed at any moment leaves whole layers, or nothing', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const base = await place.layer([], target => put(target, 'a'));
  const committed = new Set<string>([base.diffId]);
  for (let round = 0; round < 4; round++) {
    const child = startFixture(place, 'loop', base.diffId, String(round));
    child.stdout?.on('data', (lines: Buffer) => {
      for (const line of lines.toString().trim().split('\n')) if (line.length === 71) committed.add(line);
    });
    await firstLine(child);
    await sleep(Math.random() * 60);
    await kill(child);
  }
  await place.snapshots.sweep();
  const layers = place.snapshots.layers();
  for (const layer of layers) assert.ok(await place.snapshots.verifyLayer(layer.diffId), layer.diffId);
  const known = new Set(layers.map(layer => layer.diffId));
  for (const diffId of committed) assert.ok(known.has(diffId), 'a layer that was announced is there');
  assert.equal(readdirSync(join(place.root.dataDir, 'layers')).length, layers.length);
  assert.deepEqual(readdirSync(join(place.root.dataDir, 'tmp')), ['trash']);
  assert.deepEqual(place.snapshots.mounts(), []);
});

test('sweep() deletes a layer folder that never got its row, and a file that a dead process was writing', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  put(place.root.dataDir, 'layers/0123456789ab/file');
  put(place.root.dataDir, 'tmp/blob.999999999.1.abcd');
  put(place.root.dataDir, 'tmp/0123456789ab/upper/file'); // its lease was lost in a power cut
  assert.deepEqual(await place.snapshots.sweep(), { staged: 2, layers: 1 });
  assert.deepEqual(readdirSync(join(place.root.dataDir, 'layers')), []);
});

test('processes that make the same layers at once agree on one of each', { skip: noRoot }, async () => {
  using place = openLayerRoot();
  const children = [1, 2, 3].map(() => startFixture(place, 'same'));
  const ends = children.map(child => once(child, 'exit'));
  const lines = await Promise.all(children.map(firstLine));
  assert.deepEqual(
    (await Promise.all(ends)).map(([code]) => code),
    [0, 0, 0],
  );
  const ids = new Set(lines.flatMap(line => line.trim().split(' ')));
  const layers = place.snapshots.layers();
  assert.equal(layers.length, 10);
  assert.deepEqual(new Set(layers.map(layer => layer.diffId)), ids);
  for (const layer of layers)
    assert.ok(existsSync(layer.path) && (await place.snapshots.verifyLayer(layer.diffId)));
});

function startFixture(place: LayerRoot, ...args: string[]): ChildProcess {
  const fixture = join(import.meta.dirname, 'commit.fixture.ts');
  return spawn(process.execPath, [fixture, place.root.dataDir, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [line] = await once(child.stdout as NodeJS.EventEmitter, 'data');
  return String(line);
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'close');
  child.kill('SIGKILL');
  await gone;
}
