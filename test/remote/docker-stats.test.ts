import assert from 'node:assert/strict';
import { request } from 'node:http';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadLine } from '../../src/capacity/index.ts';
import { createEngine, type StatsFrame } from '../../src/engine/index.ts';
import { watchNeighbours } from '../../src/remote/index.ts';
import { dockerOfOwn, importBusybox, noPeer, type ServingPeer } from '../support/peer-engines.ts';
import { rootOfOwn } from '../support/root-of-own.ts';

const MiB = 1024 ** 2;

/** What each is given, and does. */
const loads = {
  half: { limits: ['--cpus', '0.25'], script: 'while :; do :; done' },
  touched: {
    limits: [],
    script: 'dd if=/dev/zero of=/dev/shm/f bs=1M count=60; sleep 1000',
    bytes: 60 * MiB,
  },
  cached: {
    limits: ['--memory', '256m'],
    script: 'dd if=/dev/zero of=/f bs=1M count=80; sync; cat /f >/dev/null; sleep 1000',
  },
} as const;

test("figures of a real dockerd's containers are those of docker stats within 2 %, and part of the machine's sum", {
  skip: noPeer('docker', 'dockerd'),
}, async () => {
  await using docker = await dockerOfOwn();
  await importBusybox(docker, 'base:1');
  const ids = new Map<string, string>();
  for (const [name, { limits, script }] of Object.entries(loads)) {
    const id = await docker.run(
      'run',
      '-d',
      '--name',
      name,
      '--network',
      'none',
      ...limits,
      'base:1',
      'sh',
      '-c',
      script,
    );
    ids.set(name, id.trim());
  }
  await using own = await rootOfOwn();
  const address = `unix://${docker.socket}`;
  const neighbours = async () => watchNeighbours({ addresses: [address] });
  await using engine = await createEngine({ root: own.root, neighbours });
  await sleep(3000); // they settle
  // On a busy machine a load may change between our look and docker's: then another span shows the truth.
  let measured = await measureBoth(docker, [...ids.values()], engine);
  for (let tries = 1; tries < 5 && differences(measured, ids).length > 0; tries++)
    measured = await measureBoth(docker, [...ids.values()], engine);
  assert.deepEqual(differences(measured, ids), []);
  const frame = measured.frames.last;
  const of = (name: keyof typeof loads) => frame.neighbours?.get(`docker:${ids.get(name)}`);
  assert.deepEqual(
    difference('touched memory', of('touched')?.memory.shmemBytes ?? 0, loads.touched.bytes, 0),
    [],
  );
  assert.equal(of('cached')?.neighbour.limits.memoryBytes, 256 * MiB);
  assert.ok((of('cached')?.memory.fileBytes ?? 0) > 60 * MiB, 'the cache of files is told apart');
  assert.equal(of('half')?.neighbour.name, 'half');
  const { cpu, memory } = loadLine(frame, new Map());
  for (const load of [cpu, memory]) {
    const parts = [
      load.usedByContainers,
      load.usedByNeighbours,
      load.usedByOthers,
      load.reservedUnused,
      load.free,
    ];
    assert.equal(
      parts.reduce((sum, part) => sum + part, 0),
      load.capacity,
    );
    assert.ok(load.usedByNeighbours > 0);
  }
  const { checks } = await engine.stats.verify();
  assert.deepEqual(
    checks.filter(({ isRight }) => !isRight),
    [],
  );
  assert.ok(checks.some(({ figure }) => figure === `docker:${ids.get('half')}`));
  await docker.run('rm', '-f', ...ids.keys());
});

/**
 * What the kernel may have charged ahead to a cgroup at one of two looks: 64 pages on each processor that it runs on
 * (mm/memcontrol.c: MEMCG_CHARGE_BATCH).
 */
const chargedAhead = 64 * 4096 * availableParallelism();

type Measured = Awaited<ReturnType<typeof measureBoth>>;

/** Where ours is not docker's. */
function differences({ theirs, frames }: Measured, ids: ReadonlyMap<string, string>): string[] {
  return [...ids].flatMap(([name, id]) => {
    const [first, last] = [frames.first, frames.last].map(
      each => each.neighbours?.get(`docker:${id}`)?.sample,
    );
    const [before, after] = [theirs.first.get(id), theirs.last.get(id)];
    if (first === undefined || last === undefined || before === undefined || after === undefined)
      return [`${name} is not measured by both`];
    const cores = (last.cpu.usageSeconds - first.cpu.usageSeconds) / ((last.time - first.time) / 1000);
    return [
      ...difference(`${name}: memory`, last.memory.workingSetBytes, shownMemory(after), chargedAhead),
      ...difference(`${name}: cores`, cores, shownCores(before, after), 0.005),
    ];
  });
}

/** Frames of ours, and docker's figures, of the same some seconds. */
async function measureBoth(
  docker: ServingPeer,
  ids: readonly string[],
  engine: Awaited<ReturnType<typeof createEngine>>,
) {
  const stop = new AbortController();
  const taken: { frame: StatsFrame; theirs: ReadonlyMap<string, DockerStats> }[] = [];
  await engine.stats.once(); // it knows its neighbours
  for await (const frame of engine.stats.stream({ intervalMs: 8000, signal: stop.signal })) {
    const read = await Promise.all(ids.map(async id => [id, await statsOf(docker, id)] as const));
    taken.push({ frame, theirs: new Map(read) });
    if (taken.length === 2) stop.abort();
  }
  const [first, last] = taken;
  if (first === undefined || last === undefined) assert.fail('no two frames');
  return {
    frames: { first: first.frame, last: last.frame },
    theirs: { first: first.theirs, last: last.theirs },
  };
}

/** As far as docker's own client looks at it. */
interface DockerStats {
  readonly cpu_stats: { cpu_usage: { total_usage: number }; system_cpu_usage: number; online_cpus: number };
  readonly memory_stats: { usage: number; stats: Readonly<Record<string, number>> };
}

function statsOf({ socket }: ServingPeer, id: string): Promise<DockerStats> {
  return new Promise((resolve, reject) => {
    const path = `/containers/${id}/stats?stream=false&one-shot=true`;
    request({ socketPath: socket, path }, response => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString()) as DockerStats));
    })
      .on('error', reject)
      .end();
  });
}

/** docker/cli, cli/command/container/stats_helpers.go: calculateCPUPercentUnix, in cores. */
function shownCores(before: DockerStats, after: DockerStats): number {
  const used = after.cpu_stats.cpu_usage.total_usage - before.cpu_stats.cpu_usage.total_usage;
  const system = after.cpu_stats.system_cpu_usage - before.cpu_stats.system_cpu_usage;
  return (used / system) * after.cpu_stats.online_cpus;
}

/** The same file, calculateMemUsageUnixNoCache. */
function shownMemory({ memory_stats: { usage, stats } }: DockerStats): number {
  return usage - (stats.total_inactive_file ?? stats.inactive_file ?? 0);
}

/** Nothing if they are within 2 %, or what is too small to be told apart. */
function difference(what: string, ours: number, theirs: number, least: number): string[] {
  const allowed = Math.max(least, theirs * 0.02);
  return Math.abs(ours - theirs) <= allowed ? [] : [`${what}: ${ours}, and ${theirs} by docker stats`];
}
