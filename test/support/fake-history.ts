import {
  type HistoryPoint,
  type HistoryService,
  machineId,
  type UsageHistory,
} from '../../src/engine/index.ts';
import { LogHistogram } from '../../src/lib/log-histogram.ts';

const MiB = 1024 ** 2;
const hour = 3_600_000;

/** Something whose past is made up. */
export interface Remembered {
  readonly id: string;
  /** Different ones have different pasts. */
  readonly seed: number;
}

/**
 * A past of ten days up to now, in which each container has waves of its own, and nothing was recorded from the fifth to
 * the third hour before now. Records nothing.
 */
export function createFakeHistory(list: () => readonly Remembered[], now: () => number): HistoryService {
  const pointAt = (seed: number, time: number): HistoryPoint => {
    const wave = 0.5 + 0.5 * Math.sin((time / hour / 12) * Math.PI + seed);
    const [cpuMax, memoryMax] = [0.1 + 0.2 * (seed % 4) * wave, (60 + 40 * (seed % 5) + 30 * wave) * MiB];
    return { time, cpuMean: cpuMax * 0.9, cpuMax, memoryMean: memoryMax * 0.95, memoryMax };
  };
  const pointsOf = (id: string, times: readonly number[]): HistoryPoint[] => {
    const one = list().find(each => each.id === id);
    if (list().length === 0) return [];
    if (id !== machineId) return one === undefined ? [] : times.map(time => pointAt(one.seed, time));
    return times.map(time => {
      const all = list().map(({ seed }) => pointAt(seed, time));
      const sum = (of: (point: HistoryPoint) => number) => all.reduce((total, point) => total + of(point), 0);
      const cpu = 0.3 + sum(({ cpuMean }) => cpuMean);
      const memory = 900 * MiB + sum(({ memoryMean }) => memoryMean);
      return { time, cpuMean: cpu, cpuMax: cpu, memoryMean: memory, memoryMax: memory };
    });
  };
  const usageOf = (id: string, from: number, until: number): UsageHistory => {
    const [cpu, memory] = [new LogHistogram(), new LogHistogram()];
    const times = Array.from({ length: Math.ceil((until - from) / hour) }, (_, i) => from + i * hour);
    for (const point of pointsOf(id, times)) {
      cpu.add(point.cpuMax, 3600);
      memory.add(point.memoryMax, 3600);
    }
    const none = { oomKills: 0, periods: 0, throttledPeriods: 0, networkBytes: 10 ** 12, blockBytes: 0 };
    return { first: from, last: until, points: times.length * 3600, cpu, memory, peakBytes: 0, ...none };
  };
  return {
    record: () => ({ writes: false, add: () => {}, async [Symbol.asyncDispose]() {} }),
    usage({ since, until = now() }, id) {
      const from = Math.max(since, now() - 240 * hour);
      if (list().length === 0) return new Map();
      const ids = [machineId, ...list().map(one => one.id)].filter(each => id === undefined || each === id);
      return new Map(ids.map(each => [each, usageOf(each, from, until)]));
    },
    chart(id, { since, until = now() }, points) {
      const step = (until - since) / points;
      const times = Array.from({ length: points }, (_, i) => since + i * step);
      return pointsOf(
        id,
        times.filter(time => time < now() - 5 * hour || time >= now() - 3 * hour),
      );
    },
  };
}
