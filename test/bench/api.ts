import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSlots } from '../../src/lib/slots.ts';
import { command, compare, insist } from './measure.ts';
import { type Peer, peerImage } from './peers.ts';
import { printComparison } from './report.ts';

/** How many containers are listed, and how many run. */
const listed = Number(process.env.PLIMSOLL_BENCH_LISTED ?? 500);
const running = Number(process.env.PLIMSOLL_BENCH_MANY ?? 100);
const rounds = 5;
const label = 'plimsoll-bench-api';

/** A daemon behind a socket, and the image that it has. */
interface Served {
  readonly name: string;
  readonly socketPath: string;
  readonly image: string;
  /** What of this machine's memory it holds, in processes: its own, and those that each container needs to be watched. */
  readonly processes: (containers: readonly string[]) => { readonly own: number[]; readonly each: number[] };
}

/** The API's daemon beside dockerd: what a client of docker waits for, and what it costs to have it. */
export async function benchApi(
  plimsoll: readonly string[],
  home: string,
  peers: readonly Peer[],
): Promise<void> {
  const socketPath = join(home, 'bench-api.sock');
  const [launcher = '', ...words] = plimsoll;
  const daemon = spawn(launcher, [...words, 'daemon', '-H', `unix://${socketPath}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const gone = once(daemon, 'exit');
  await once(daemon.stderr, 'data');
  const served: Served[] = [
    {
      name: 'plimsoll',
      socketPath,
      image: 'localhost/busybox',
      processes: ids => ({ own: [daemon.pid ?? 0], each: processesOf('conmon', ids) }),
    },
  ];
  const peerSocket = /^unix:\/\/(.+)$/.exec(process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock')?.[1];
  if (peers.some(({ name }) => name === 'docker') && peerSocket !== undefined)
    served.push({
      name: 'docker',
      socketPath: peerSocket,
      image: peerImage,
      processes: ids => ({ own: dockerProcesses(peerSocket), each: processesOf('containerd-shim', ids) }),
    });
  try {
    await compareRuns(served);
    await compareMany(served);
    await compareListsAndStats(served);
  } finally {
    for (const each of served) await removeAll(each);
    daemon.kill('SIGTERM');
    await gone;
  }
}

async function compareRuns(served: readonly Served[]): Promise<void> {
  for (const [title, flags] of [
    ['docker run --rm --network none', ['--network', 'none']],
    ['docker run --rm with the bridge network', []],
  ] as const) {
    const timings = await compare(
      served.map(({ name, socketPath, image }) =>
        command(name, ['docker', '-H', `unix://${socketPath}`, 'run', '--rm', ...flags, image, 'true']),
      ),
      12,
    );
    printComparison(`${title}, through the socket`, timings, { ratioTo: { docker: 0.5 } });
  }
}

/** In turns of a few, so that a noisy minute hits all alike. No program of a client is started: what is left is the engine's. */
async function compareMany(served: readonly Served[]): Promise<void> {
  const total = new Map(served.map(({ name }) => [name, 0]));
  for (let round = 0; round < rounds; round++) {
    for (const each of served) {
      const slots = createSlots(8);
      const start = performance.now();
      const started = Array.from({ length: Math.ceil(running / rounds) }, () =>
        slots(async () => {
          const id = await createOne(each);
          await ask(each, 'POST', `/containers/${id}/start`);
          return id;
        }),
      );
      const ids = await Promise.all(started);
      await Promise.all(ids.map(id => slots(() => ask(each, 'DELETE', `/containers/${id}?force=1`))));
      total.set(each.name, (total.get(each.name) ?? 0) + performance.now() - start);
    }
  }
  const timings = [...total].map(([name, ms]) => ({ name, medianMs: ms, p90Ms: ms }));
  printComparison(`start and remove ${running} containers, 8 at a time, through the socket`, timings, {
    ratioTo: { docker: 0.4 },
  });
}

async function compareListsAndStats(served: readonly Served[]): Promise<void> {
  const runs = new Map<string, string[]>();
  for (const each of served) runs.set(each.name, await createAll(each));
  const ids = (each: Served) => runs.get(each.name) ?? [];
  const lists = served.map(each => ({
    name: each.name,
    once: async () => {
      const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
      const found = (await ask(each, 'GET', `/containers/json?all=1&filters=${filters}`)) as unknown[];
      if (found.length !== listed) throw new Error(`${each.name} lists ${found.length}`);
    },
  }));
  printComparison(`GET /containers/json, ${listed} containers`, await compare(lists, 15), {
    ratioTo: { docker: 0.3 },
  });
  const stats = served.map(each => ({
    name: each.name,
    once: async () => {
      const asked = ids(each).map(id => ask(each, 'GET', `/containers/${id}/stats?stream=0&one-shot=1`));
      await Promise.all(asked);
    },
  }));
  printComparison(`one-shot stats of ${running} containers, asked at once`, await compare(stats, 10), {
    ratioTo: { docker: 0.1 },
  });
  await sleep(3000); // idle
  console.log(`\nresident memory, MiB, with ${running} containers`);
  const sums = served.map(each => {
    const { own, each: watchers } = each.processes(ids(each));
    const [daemon, all] = [residentMiB(own), residentMiB([...own, ...watchers])];
    console.log(
      `  ${each.name.padEnd(10)} ${daemon.toFixed(0).padStart(6)}  with its ${watchers.length} monitors ${all.toFixed(0).padStart(6)}`,
    );
    return { daemon, all };
  });
  const [ours, theirs] = sums;
  if (ours !== undefined && theirs !== undefined)
    console.log(
      `  plimsoll/docker ${(ours.all / theirs.all).toFixed(2)}, daemon alone ${(ours.daemon / theirs.all).toFixed(2)} (promised 1) ${ours.daemon <= theirs.all ? 'holds' : 'MISSED'}`,
    );
}

/** Containers of which the first run; the ids of those. */
async function createAll(served: Served): Promise<string[]> {
  const slots = createSlots(4);
  const made = await Promise.all(
    Array.from({ length: listed }, (_, i) =>
      slots(async () => {
        const id = await createOne(served);
        if (i < running) await ask(served, 'POST', `/containers/${id}/start`);
        return id;
      }),
    ),
  );
  return made.slice(0, running);
}

async function createOne(served: Served): Promise<string> {
  const body = {
    Image: served.image,
    Cmd: ['sleep', '100000'],
    Labels: { [label]: '' },
    HostConfig: { NetworkMode: 'none' },
  };
  const { Id } = (await ask(served, 'POST', '/containers/create', body)) as { Id: string };
  return Id;
}

async function removeAll(served: Served): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
  const found = (await ask(served, 'GET', `/containers/json?all=1&filters=${filters}`)) as { Id: string }[];
  const slots = createSlots(4);
  await Promise.all(
    found.map(({ Id }) => slots(async () => await ask(served, 'DELETE', `/containers/${Id}?force=1`))),
  );
}

function ask({ socketPath }: Served, method: string, path: string, body?: object): Promise<unknown> {
  return new Promise((answered, failed) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers =
      text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const asked = request({ socketPath, method, path: `/v1.41${path}`, headers }, incoming => {
      incoming.toArray().then((chunks: Buffer[]) => {
        const said = Buffer.concat(chunks).toString();
        if ((incoming.statusCode ?? 0) >= 300) failed(new Error(`${method} ${path}: ${said}`));
        else answered(said === '' ? undefined : JSON.parse(said));
      }, failed);
    });
    asked.once('error', failed);
    asked.end(text);
  });
}

/** Processes of this name that name one of the containers. */
function processesOf(name: string, ids: readonly string[]): number[] {
  const wanted = new Set(ids);
  return pids().filter(pid => {
    const words = wordsOf(pid);
    return (words[0] ?? '').includes(name) && words.some(word => wanted.has(word));
  });
}

/** dockerd, and the containerd that it started or, failing that, the machine's. */
function dockerProcesses(socketPath: string): number[] {
  const holders = insist(['ss', '-xlpH', 'src', socketPath]);
  const dockerd = Number(/"dockerd",pid=(\d+)/.exec(holders)?.[1]);
  const containerds = pids().filter(pid => wordsOf(pid)[0]?.split('/').at(-1) === 'containerd');
  const own = containerds.filter(pid => parentOf(pid) === dockerd);
  return [dockerd, ...(own.length > 0 ? own : containerds)];
}

function pids(): number[] {
  return readdirSync('/proc').map(Number).filter(Boolean);
}

function wordsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // it has ended meanwhile
  }
}

function parentOf(pid: number): number {
  return Number(/PPid:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function residentMiB(processes: readonly number[]): number {
  const kilobytes = processes.map(pid =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0),
  );
  return kilobytes.reduce((sum, each) => sum + each, 0) / 1024;
}
