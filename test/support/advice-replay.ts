import { type AdviceRule, advise } from '../../src/capacity/index.ts';
import type { UsageHistory } from '../../src/engine/index.ts';
import { LogHistogram } from '../../src/lib/log-histogram.ts';
import { createRandom } from './usage-frames.ts';

const MiB = 1024 ** 2;
const minutesPerDay = 1440;

interface Use {
  readonly cpu: number;
  readonly memory: number;
}

/** What a made-up service uses in a minute; `random` gives the same numbers in each run. */
type Workload = (minute: number, random: () => number) => Use;

const machine = { cores: 64, memoryBytes: 256 * 1024 * MiB };

/** The kinds of use that advice goes wrong on, and the easy ones. */
export const workloads: Readonly<Record<string, Workload>> = {
  steady: (_, random) => ({ cpu: 0.5 + 0.1 * random(), memory: (400 + 20 * random()) * MiB }),
  daily: (minute, random) => {
    const tide = Math.max(0, Math.sin((minute / minutesPerDay) * 2 * Math.PI));
    return { cpu: 0.2 + 1.5 * tide + 0.2 * random(), memory: (300 + 200 * tide + 20 * random()) * MiB };
  },
  bursts: (_, random) => {
    const burst = random() < 0.02;
    return { cpu: burst ? 2 + random() : 0.1, memory: (200 + (burst ? 300 * random() : 0)) * MiB };
  },
  nightlyBatch: (minute, random) => {
    const runs = minute % minutesPerDay < 60;
    return { cpu: runs ? 3.5 + 0.5 * random() : 0.02, memory: (runs ? 1500 : 100) * MiB };
  },
  weeklyBatch: minute => {
    const runs = minute % (7 * minutesPerDay) >= 6 * minutesPerDay + 1300;
    return { cpu: runs ? 2 : 0.02, memory: (runs ? 3000 : 100) * MiB };
  },
  leak: (minute, random) => ({
    cpu: 0.3 + 0.05 * random(),
    memory: (200 + (40 * minute) / minutesPerDay) * MiB,
  }),
  coldStart: (minute, random) => {
    const starts = minute % (3 * minutesPerDay) < 10;
    return { cpu: starts ? 2 : 0.2 + 0.05 * random(), memory: (starts ? 700 : 350) * MiB };
  },
  idle: () => ({ cpu: 0.001, memory: 30 * MiB }),
};

/** How a rule fared with one workload: advised from the first days, tried on the seven days after them. */
export interface Replay {
  readonly workload: string;
  readonly cores: number;
  readonly bytes: number;
  /** What of the advice was not used, on average, 0..1. */
  readonly cpuWaste: number;
  readonly memoryWaste: number;
  /** Share of the minutes after (0..1) that wanted more cores than advised. */
  readonly throttled: number;
  /** Share of the minutes after (0..1) that wanted more memory than advised: in the first of them it is killed. */
  readonly outOfMemory: number;
}

/** Replays every workload under a rule that sees `days` of it. */
export function replay(rule: AdviceRule, days: number): Replay[] {
  return Object.entries(workloads).map(([name, workload]) => {
    const random = createRandom(name.length * 7919);
    const uses = Array.from({ length: (days + 7) * minutesPerDay }, (_, minute) => workload(minute, random));
    const seen = uses.slice(0, days * minutesPerDay);
    const { cpu, memory } = advise({ usage: historyOf(seen), limits: {}, machine }, rule);
    if (cpu === undefined || memory === undefined) throw new Error(`${name}: no advice after ${days} days`);
    return { workload: name, ...fare(uses.slice(seen.length), cpu.needed, memory.needed) };
  });
}

function fare(uses: readonly Use[], cores: number, bytes: number): Omit<Replay, 'workload'> {
  const mean = (of: (use: Use) => number) => uses.reduce((sum, use) => sum + of(use), 0) / uses.length;
  return {
    cores,
    bytes,
    cpuWaste: 1 - mean(({ cpu }) => Math.min(cpu, cores)) / cores,
    memoryWaste: 1 - mean(({ memory }) => Math.min(memory, bytes)) / bytes,
    throttled: mean(({ cpu }) => (cpu > cores ? 1 : 0)),
    outOfMemory: mean(({ memory }) => (memory > bytes ? 1 : 0)),
  };
}

/** Minutes of use as a history, whose kernel has recorded the highest of them. */
export function historyOf(uses: readonly Use[]): UsageHistory {
  const [cpu, memory] = [new LogHistogram(), new LogHistogram()];
  for (const use of uses) {
    cpu.add(use.cpu, 60);
    memory.add(use.memory, 60);
  }
  return {
    ...{ first: 0, last: uses.length * 60_000, points: uses.length * 60, cpu, memory },
    ...{ peakBytes: Math.ceil(memory.max), oomKills: 0, periods: 0, throttledPeriods: 0 },
    ...{ networkBytes: 0, blockBytes: 0 },
  };
}
