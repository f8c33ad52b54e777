import type { ContainerSample, ContainerUsage, StatsFrame } from '../../src/engine/index.ts';

const MiB = 1024 ** 2;

/** What a made-up container does at a time: cores, and bytes of working set. */
export type Behaviour = (
  seconds: number,
  container: number,
) => { readonly cpu: number; readonly memory: number };

/** Frames of a made-up machine of 64 cores, one for each call, whose containers c0, c1, ... behave as told. */
export function createFrames(containers: number, behave: Behaviour): (seconds: number) => StatsFrame {
  const cpuSeconds = new Float64Array(containers);
  const peaks = new Float64Array(containers);
  return seconds => {
    const usages = Array.from({ length: containers }, (_, i) => {
      const { cpu, memory } = behave(seconds, i);
      cpuSeconds[i] = (cpuSeconds[i] ?? 0) + cpu;
      peaks[i] = Math.max(peaks[i] ?? 0, memory);
      return [
        `c${i}`,
        usageOf(`c${i}`, { cpu, memory, cpuSeconds: cpuSeconds[i] ?? 0, peak: peaks[i] ?? 0, seconds }),
      ] as const;
    });
    const host = {
      time: seconds * 1000,
      cores: 64,
      cpuCores: 1 + usages.reduce((sum, [, usage]) => sum + usage.cpuCores, 0),
      stealCores: 0.5,
      memoryTotalBytes: 256 * 1024 * MiB,
      memoryUsedBytes: 64 * 1024 * MiB,
    };
    return { host: host as StatsFrame['host'], containers: new Map(usages) };
  };
}

interface Made {
  readonly cpu: number;
  readonly memory: number;
  readonly cpuSeconds: number;
  readonly peak: number;
  readonly seconds: number;
}

function usageOf(id: string, { cpu, memory, cpuSeconds, peak, seconds }: Made): ContainerUsage {
  const sample = {
    id,
    time: seconds * 1000,
    cpu: { usageSeconds: cpuSeconds, throttledSeconds: 0, throttledPeriods: 0, periods: 0 },
    memory: { workingSetBytes: memory, peakBytes: peak, oomKills: 0 },
    network: { rxBytes: cpuSeconds * 1000, txBytes: 0 },
    blockIo: { readBytes: 0, writeBytes: 0 },
  } as unknown as ContainerSample;
  return { id, cpuCores: cpu, memory: sample.memory, sample } as unknown as ContainerUsage;
}

/** The same pseudo-random numbers (0..1) in each run. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
