import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cancelled, throwIfAborted } from '../../errors.ts';
import { type CgroupHierarchy, parseCgroupHierarchy } from './cgroup/hierarchy.ts';
import {
  type ContainerSource,
  type RunningContainer,
  releaseContainer,
  sampleContainer,
} from './container-sampler.ts';
import { readFacts } from './facts.ts';
import { parseHostSample } from './host-sample.ts';
import { KeptFiles, readOnce } from './kept-files.ts';
import { createPace } from './pace.ts';
import type { ContainerSample, HostFacts, HostSample, StatsFrame, StatsService } from './types.ts';
import { containerUsage, hostUsage } from './usage.ts';
import { verify } from './verify.ts';

/** What the stats service needs. All but the first two are for other trees than this machine's. */
export interface StatsServiceOptions {
  /** Running and paused containers, asked for each frame: it has to be cheap. */
  readonly listRunning: () => readonly RunningContainer[];
  /** Whose disk `facts` describes. */
  readonly dataDir: string;
  /** Milliseconds since the epoch, steady (never set back). */
  readonly clock?: () => number;
  readonly cgroups?: CgroupHierarchy;
  readonly proc?: string;
}

/** Stats of this machine from the kernel's files; 20 containers at 1 Hz cost about 0.3 % of a core. */
export function createStatsService(options: StatsServiceOptions): StatsService {
  const { proc = '/proc', clock = steadyClock, dataDir, listRunning } = options;
  const cgroups = () => options.cgroups ?? parseCgroupHierarchy(readOnce(join(proc, 'self/mountinfo')) ?? '');
  const newSampler = () =>
    createSampler(listRunning, {
      files: new KeptFiles(),
      cgroups: cgroups(),
      clock,
      proc,
    });
  let facts: Promise<HostFacts> | undefined;
  return {
    stream: ({ intervalMs = 1000, coreShare, signal }) =>
      stream(newSampler(), createPace(intervalMs, coreShare), signal),
    async once({ intervalMs = 200, signal } = {}) {
      throwIfAborted(signal, 'reading stats');
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
      const sampler = newSampler();
      const paths = listRunning().flatMap(({ id, cgroupPath }) =>
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

interface Sampler {
  frame(): StatsFrame;
  close(): void;
}

function createSampler(listRunning: () => readonly RunningContainer[], source: ContainerSource): Sampler {
  let before: { host: HostSample; containers: ReadonlyMap<string, ContainerSample> } | undefined;
  let held = new Map<string, string>();
  const releaseAllBut = (kept: ReadonlyMap<string, string>) => {
    for (const [key, cgroupPath] of held) if (!kept.has(key)) releaseContainer(cgroupPath, source);
    held = new Map(kept);
  };
  return {
    frame() {
      const running = listRunning();
      releaseAllBut(new Map(running.map(({ id, pid, cgroupPath }) => [`${id} ${pid}`, cgroupPath ?? ''])));
      const host = sampleHost(source);
      const containers = new Map<string, ContainerSample>();
      for (const container of running) {
        const sample = sampleContainer(container, source);
        if (sample !== undefined) containers.set(container.id, sample);
      }
      const usages = [...containers].map(
        ([id, sample]) => [id, containerUsage(before?.containers.get(id), sample, host)] as const,
      );
      const frame = { host: hostUsage(before?.host, host), containers: new Map(usages) };
      before = { host, containers };
      return frame;
    },
    close() {
      releaseAllBut(new Map());
      source.files.forget(source.proc);
    },
  };
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
