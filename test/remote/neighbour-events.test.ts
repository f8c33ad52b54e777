import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAlertFeed, parseAlertRule } from '../../src/capacity/index.ts';
import { createEngine } from '../../src/engine/index.ts';
import { watchNeighbours } from '../../src/remote/index.ts';
import {
  dockerOfOwn,
  importBusybox,
  noPeer,
  peer,
  podmanService,
  type ServingPeer,
} from '../support/peer-engines.ts';
import { rootOfOwn } from '../support/root-of-own.ts';

const MiB = 1024 ** 2;
/** Eats what it gets. */
const hungry = 'sleep 2; exec tail /dev/zero';

/** Starts one through the API of the peer. */
function start({ socket }: ServingPeer, name: string, flags: readonly string[], script: string) {
  const words = ['run', '-d', '--network', 'none', '--name', name, ...flags, 'base:1', 'sh', '-c', script];
  return peer('docker', '-H', `unix://${socket}`, ...words);
}

test('a dockerd tells of what runs between two looks, and of what ran out of memory, which history and alerts know', {
  skip: noPeer('docker', 'dockerd'),
}, async () => {
  await using docker = await dockerOfOwn();
  await importBusybox(docker, 'base:1');
  await using own = await rootOfOwn();
  const neighbours = async () => watchNeighbours({ addresses: [`unix://${docker.socket}`] });
  await using engine = await createEngine({ root: own.root, neighbours });
  const over = new AbortController();
  const [told, seen]: [string[], Set<string>] = [[], new Set()];
  const rules = ['oom', 'died'].map(parseAlertRule);
  const feed = createAlertFeed(engine, { rules, quietMs: 0 }, Date.now());
  const watching = (async () => {
    await using recorder = engine.history.record();
    for await (const frame of engine.stats.stream({ intervalMs: 250, signal: over.signal })) {
      recorder.add(frame);
      told.push(...feed(frame, Date.now()).map(({ text }) => text));
      for (const { neighbour } of frame.neighbours?.values() ?? []) seen.add(neighbour.name);
    }
  })();
  await sleep(1500);
  await start(docker, 'brief', [], 'sleep 5; exit 3');
  const limits = ['-m', '32m', '--memory-swap', '32m'];
  const id = (await start(docker, 'hungry', limits, hungry)).trim();
  await until(() => told.length >= 3);
  await sleep(500);
  over.abort();
  await watching;
  assert.deepEqual([...seen].sort(), ['brief', 'hungry'], 'both ended before the next list');
  assert.deepEqual(told.toSorted(), [
    'docker/brief ended with exit code 3',
    'docker/hungry ended with exit code 137',
    'docker/hungry ran out of memory',
  ]);
  const usage = engine.history.usage({ since: Date.now() - 600_000 }).get(`docker:${id}`);
  assert.equal(usage?.oomKills, 1, 'the cgroup that has counted it is gone');
  assert.ok((usage?.peakBytes ?? 0) >= 32 * MiB - 4096, 'it had its limit');
});

test('Podman is asked with each list what has happened since', {
  skip: noPeer('docker', 'podman'),
}, async () => {
  await using podman = await podmanService();
  await importBusybox(podman, 'base:1');
  using watch = watchNeighbours({ addresses: [`unix://${podman.socket}`] });
  await watch.ready();
  const before = watch.happened(0).at(-1)?.seq ?? 0;
  const id = (await start(podman, 'brief', [], 'exit 3')).trim();
  const ofBrief = () => watch.happened(before).filter(event => event.id === `podman:${id}`);
  await until(async () => {
    await watch.ready();
    return ofBrief().some(({ action }) => action === 'die');
  });
  assert.deepEqual(
    ofBrief().map(({ name, action, exitCode }) => [name, action, exitCode]),
    [
      ['podman/brief', 'start', undefined],
      ['podman/brief', 'die', '3'],
    ],
    'each once, however often it is asked',
  );
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 900 && !(await holds()); tries++) await sleep(200);
}
