import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cancelled, throwIfAborted } from '../../errors.ts';
import { type CgroupHierarchy, parseCgroupHierarchy } from './cgroup/hierarchy.ts';
import { type ContainerSource, releaseContainer, sampleContainer } from './container-sampler.ts';
import { readFacts } from './facts.ts';
import { parseHostSample } from './host-sample.ts';
import { KeptFiles, readOnce } from './kept-files.ts';
import { createPace } from './pace.ts';
import type {
  ContainerSample,
  ContainerUsage,
  HostFacts,
  HostSample,
  Neighbours,
  NeighbourUsage,
  RunningContainer,
  StatsFrame,
  StatsService,
} from './types.ts';
import { containerUsage, hostUsage } from './usage.ts';
import { verify } from './verify.ts';

/** What the stats service needs. All but the first two are for other trees than this machine's. */
export interface StatsServiceOptions {
  /** Running and paused containers, asked for each frame: it has to be cheap. */
  readonly listRunning: () => readonly RunningContainer[];
  /** Whose disk `facts` describes. */
  readonly dataDir: string;
  /** Other engines on this machine; asked for when the first sample is taken. */
  readonly neighbours?: () => Promise<Neighbours | undefined>;
  /** Milliseconds since the epoch, steady (never set back). */
  readonly clock?: () => number;
  readonly cgroups?: CgroupHierarchy;
  readonly proc?: string;
}

/** Stats of this machine from the kernel's files; 20 containers at 1 Hz cost about 0.3 % of a core. */
export function createStatsService(options: StatsServiceOptions): StatsService {
  const { proc = '/proc', clock = steadyClock, dataDir, listRunning } = options;
  const cgroups = () => options.cgroups ?? parseCgroupHierarchy(readOnce(join(proc, 'self/mountinfo')) ?? '');
  const neighbours = lateNeighbours(options.neighbours);
  const newSampler = (beside: KnownNeighbours = neighbours) =>
    createSampler(
      { listRunning, neighbours: beside },
      {
        files: new KeptFiles(),
        cgroups: cgroups(),
        clock,
        proc,
      },
    );
  let facts: Promise<HostFacts> | undefined;
  return {
    stream: ({ intervalMs = 1000, coreShare, own = false, signal }) =>
      stream(newSampler(own ? nobody : neighbours), createPace(intervalMs, coreShare), signal),
    async once({ intervalMs = 200, signal } = {}) {
      throwIfAborted(signal, 'reading stats');
      await neighbours.ready();
      const sampler = newSampler();
      try {
        sampler.frame();
        await sleep(intervalMs, undefined, signal === undefined ? {} : { signal });
        return sampler.frame();
      } catch (error) {
        if (signal?.aborted) throw cancelled('reading stats');
        throw error;
      } finally {
        sampler.close();
      }
    },
    async verify({ intervalMs = 1000, signal } = {}) {
      throwIfAborted(signal, 'reading stats');
      await neighbours.ready();
      const sampler = newSampler();
      const paths = [...listRunning(), ...neighbours.running()].flatMap(({ id, cgroupPath }) =>
        cgroupPath === undefined ? [] : [[id, cgroupPath] as const],
      );
      try {
        return await verify({
          ...{
            frame: () => sampler.frame(),
            cgroupPaths: new Map(paths),
            cgroups: cgroups(),
            proc,
            intervalMs,
          },
          ...(signal === undefined ? {} : { signal }),
        });
      } catch (error) {
        if (signal?.aborted) throw cancelled('reading stats');
        throw error;
      } finally {
        sampler.close();
      }
    },
    facts() {
      facts ??= readFacts(dataDir);
      return facts;
    },
  };
}

async function* stream(
  sampler: Sampler,
  pace: () => number,
  signal: AbortSignal,
): AsyncGenerator<StatsFrame, void, undefined> {
  try {
    for (let due = performance.now(); !signal.aborted; ) {
      yield sampler.frame();
      due = Math.max(due + pace(), performance.now()); // a slow reader skips frames, it does not queue them
      await sleep(Math.max(0, due - performance.now()), undefined, { signal }).catch(() => {});
    }
  } finally {
    sampler.close();
  }
}

type KnownNeighbours = Omit<Neighbours, keyof Disposable>;

const nobody: KnownNeighbours = { running: () => [], happened: () => [], ready: async () => {} };

/** Neighbours that are opened when they are first asked for: until then, and if that fails, there are none. */
function lateNeighbours(open: StatsServiceOptions['neighbours']): KnownNeighbours {
  let opening: Promise<void> | undefined;
  let opened: Neighbours | undefined;
  const begin = async () => {
    opened = await open?.().catch(() => undefined);
  };
  return {
    running() {
      opening ??= begin();
      return opened?.running() ?? [];
    },
    happened: after => opened?.happened(after) ?? [],
    async ready() {
      opening ??= begin();
      await opening;
      await opened?.ready();
    },
  };
}

/** What a sampler takes samples of. */
interface Sampled {
  readonly listRunning: () => readonly RunningContainer[];
  readonly neighbours: KnownNeighbours;
}

interface Sampler {
  frame(): StatsFrame;
  close(): void;
}

function createSampler({ listRunning, neighbours }: Sampled, source: ContainerSource): Sampler {
  let before: { host: HostSample; samples: ReadonlyMap<string, ContainerSample> } | undefined;
  let held = new Map<string, string>();
  let heard: number | undefined;
  const happenedSince = () => {
    const happened = neighbours.happened(heard ?? 0);
    const isNews = heard !== undefined; // what was told before this sampler began is nothing of its frames
    heard = happened.at(-1)?.seq ?? heard ?? 0;
    return isNews ? happened : [];
  };
  const releaseAllBut = (kept: ReadonlyMap<string, string>) => {
    for (const [key, cgroupPath] of held) if (!kept.has(key)) releaseContainer(cgroupPath, source);
    held = new Map(kept);
  };
  return {
    frame() {
      const [own, others] = [listRunning(), neighbours.running()];
      const all = [...own, ...others];
      releaseAllBut(new Map(all.map(({ id, pid, cgroupPath }) => [`${id} ${pid}`, cgroupPath ?? ''])));
      const host = sampleHost(source);
      const samples = new Map<string, ContainerSample>();
      const usageOf = (container: RunningContainer): ContainerUsage | undefined => {
        const sample = sampleContainer(container, source);
        if (sample === undefined) return undefined;
        samples.set(container.id, sample);
        return containerUsage(before?.samples.get(container.id), sample, host);
      };
      const containers = new Map(own.flatMap(each => entryOf(usageOf(each))));
      const beside = others.flatMap(neighbour => {
        const usage = usageOf(neighbour);
        return entryOf<NeighbourUsage>(usage && { ...usage, neighbour });
      });
      const frame = { host: hostUsage(before?.host, host), containers };
      before = { host, samples };
      const happened = happenedSince();
      return {
        ...frame,
        ...(beside.length === 0 ? {} : { neighbours: new Map(beside) }),
        ...(happened.length === 0 ? {} : { happened }),
      };
    },
    close: () => source.files.close(),
  };
}

function entryOf<Usage extends ContainerUsage>(usage: Usage | undefined): (readonly [string, Usage])[] {
  return usage === undefined ? [] : [[usage.id, usage]];
}

function sampleHost({ files, proc, clock }: ContainerSource): HostSample {
  const read = (file: string) => files.read(join(proc, file));
  return parseHostSample(
    {
      stat: read('stat') ?? '',
      meminfo: read('meminfo') ?? '',
      loadavg: read('loadavg') ?? '',
      pressure: name => read(`pressure/${name}`),
    },
    clock(),
  );
}

/** The time of day as it was when the process began, plus what has gone by since: NTP cannot bend a rate. */
function steadyClock(): number {
  return performance.timeOrigin + performance.now();
}
