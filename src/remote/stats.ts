import { hostname, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ContainerSample,
  containerUsage,
  createStatsService,
  type Engine,
  type EngineLink,
  type HostFacts,
  type HostUsage,
  type StatsFrame,
} from '../engine/index.ts';
import { cancelled, isPlimsollError } from '../errors.ts';
import { toSample } from '../wire/index.ts';
import type { ApiClient } from './client.ts';
import { createFarMachine } from './far-machine.ts';
import type { Mirror } from './mirror.ts';
import { refuse } from './refuse.ts';

type Stats = Engine['stats'];

/** The API answers one container at a time; so many are asked at once. */
const parallel = 8;

/**
 * What containers of an engine elsewhere use, one request for each and frame. Docker's API says what the machine has, not
 * what it uses: where the engine runs on this very machine, or is reached through ssh, the kernel is asked, else the
 * machine's use is what its containers use together.
 */
export function createStats(client: ApiClient, mirror: Mirror, lacks: EngineLink['lacks']): Stats {
  const local = createStatsService({
    listRunning: () => [],
    dataDir: mirror.info().text('DockerRootDir') ?? '/',
  });
  const isHere = () =>
    client.endpoint.kind === 'unix' &&
    mirror.info().text('Name') === hostname() &&
    Math.abs((mirror.info().number('MemTotal') ?? 0) - totalmem()) < 1024 ** 2;
  const newSampler = () => createSampler(client, mirror);
  const newFarMachine = () =>
    createFarMachine(client, () => {
      const info = mirror.info();
      return { cores: info.number('NCPU') ?? 0, totalBytes: info.number('MemTotal') ?? 0 };
    });
  async function* stream({
    intervalMs = 1000,
    signal,
  }: Parameters<Stats['stream']>[0]): AsyncGenerator<StatsFrame> {
    const sample = newSampler();
    if (isHere()) {
      for await (const { host } of local.stream({ intervalMs, signal })) {
        const frame = await sample(signal, host);
        if (frame !== undefined) yield frame;
      }
      return;
    }
    const machine = newFarMachine();
    for (let due = performance.now(); !signal.aborted; ) {
      const frame = await sample(signal, await machine(signal));
      if (frame !== undefined) yield frame;
      due = Math.max(due + intervalMs, performance.now());
      await sleep(Math.max(0, due - performance.now()), undefined, { signal }).catch(() => {});
    }
  }
  return {
    stream,
    async once({ intervalMs = 200, signal } = {}) {
      const stop = new AbortController();
      const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
      let last: StatsFrame | undefined;
      let count = 0;
      try {
        for await (const frame of stream({ intervalMs, signal: either })) {
          last = frame;
          if (++count === 2) break;
        }
      } finally {
        stop.abort();
      }
      if (last === undefined) throw cancelled('reading stats');
      return last;
    },
    verify: async () => refuse(lacks, 'verify'),
    facts: async () => {
      const own = isHere() ? await local.facts() : undefined;
      return readFacts(mirror, own);
    },
  };
}

function readFacts(mirror: Mirror, own: HostFacts | undefined): HostFacts {
  const info = mirror.info();
  return {
    hostname: info.text('Name') ?? '',
    os: info.text('OperatingSystem') ?? '',
    kernel: info.text('KernelVersion') ?? '',
    cpuModel: own?.cpuModel ?? info.text('Architecture') ?? '',
    cores: info.number('NCPU') ?? 0,
    memoryBytes: info.number('MemTotal') ?? 0,
    machine: own?.machine ?? info.text('Architecture') ?? '',
    diskTotalBytes: own?.diskTotalBytes ?? 0,
    diskFreeBytes: own?.diskFreeBytes ?? 0,
  };
}

type Sampler = (signal: AbortSignal, host: HostUsage | undefined) => Promise<StatsFrame | undefined>;

function createSampler(client: ApiClient, mirror: Mirror): Sampler {
  let before = new Map<string, ContainerSample>();
  return async (signal, host) => {
    const info = mirror.info();
    const machine = { cores: info.number('NCPU') ?? 1, totalBytes: info.number('MemTotal') ?? 0 };
    const running = mirror
      .containers()
      .filter(({ state }) => state.status === 'running' || state.status === 'paused');
    const samples = new Map<string, ContainerSample>();
    const waiting = running.map(({ id }) => id);
    const worker = async () => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        const sample = await readSample(client, id, { hostMemoryBytes: machine.totalBytes, signal });
        if (sample !== undefined) samples.set(id, sample);
      }
    };
    try {
      await Promise.all(Array.from({ length: parallel }, worker));
      if (running.length === 0) await client.json('GET', '/_ping').catch(ignoreText);
    } catch (error) {
      if (signal.aborted) return undefined;
      mirror.told(error);
      // The figures get old until the engine answers again.
      if (isPlimsollError(error, 'unavailable')) return undefined;
      throw error;
    }
    const frame = makeFrame(samples, before, machine, host);
    before = samples;
    return frame;
  };
}

/** `/_ping` answers with a word, which is no JSON. */
function ignoreText(error: unknown): void {
  if (!(error instanceof Error && error.cause instanceof SyntaxError)) throw error;
}

async function readSample(
  client: ApiClient,
  id: string,
  { hostMemoryBytes, signal }: { readonly hostMemoryBytes: number; readonly signal: AbortSignal },
): Promise<ContainerSample | undefined> {
  try {
    const query = { stream: false, 'one-shot': true };
    const json = await client.json('GET', `/containers/${id}/stats`, { query, signal });
    return toSample(id, json, hostMemoryBytes);
  } catch (error) {
    // It has ended in between.
    if (isPlimsollError(error, 'not-found') || isPlimsollError(error, 'conflict')) return undefined;
    throw error;
  }
}

function makeFrame(
  samples: ReadonlyMap<string, ContainerSample>,
  before: ReadonlyMap<string, ContainerSample>,
  machine: { readonly cores: number; readonly totalBytes: number },
  own: HostUsage | undefined,
): StatsFrame {
  const host = own ?? emptyHost(machine);
  const containers = new Map(
    [...samples].map(([id, sample]) => [id, containerUsage(before.get(id), sample, host.sample)]),
  );
  if (own !== undefined) return { host: own, containers };
  const all = [...containers.values()];
  const cpuCores = all.reduce((sum, each) => sum + each.cpuCores, 0);
  const used = all.reduce((sum, each) => sum + each.memory.workingSetBytes, 0);
  const memory = { ...host.sample.memory, availableBytes: Math.max(0, machine.totalBytes - used) };
  return {
    host: { ...host, cpuCores, memoryUsedBytes: used, sample: { ...host.sample, memory } },
    containers,
  };
}

function emptyHost({
  cores,
  totalBytes,
}: {
  readonly cores: number;
  readonly totalBytes: number;
}): HostUsage {
  const time = Date.now();
  return {
    time,
    cores,
    cpuCores: 0,
    stealCores: 0,
    memoryTotalBytes: totalBytes,
    memoryUsedBytes: 0,
    sample: {
      time,
      cores,
      cpu: { busySeconds: 0, idleSeconds: 0, stealSeconds: 0 },
      memory: {
        totalBytes,
        availableBytes: totalBytes,
        cacheBytes: 0,
        kernelBytes: 0,
        swapTotalBytes: 0,
        swapFreeBytes: 0,
      },
      loadAverage: [0, 0, 0],
    },
  };
}
