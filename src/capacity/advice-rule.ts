/** How needs are made of what was seen. */
export interface AdviceRule {
  /** The share of time that the advised cores suffice for, before headroom. */
  readonly cpuPercentile: number;
  /** Factors above what was seen. */
  readonly cpuHeadroom: number;
  readonly memoryHeadroom: number;
  /** Factor above the limit under which a container ran out of memory, or had to wait for CPU. */
  readonly shortageFactor: number;
  /** What a history of one day adds, as a share; of two days half of that, and so on. */
  readonly ageMargin: number;
  /** Less than this is no ground for advice. */
  readonly leastPoints: number;
  readonly leastSeconds: number;
  /** Nothing below is advised. */
  readonly floorCores: number;
  readonly floorBytes: number;
}

/** Picked from the table of `npm run bench:advice`. */
export const defaultRule: AdviceRule = {
  cpuPercentile: 0.99,
  cpuHeadroom: 1.15,
  memoryHeadroom: 1.15,
  shortageFactor: 1.25,
  ageMargin: 0.1,
  leastPoints: 100,
  leastSeconds: 3 * 3600,
  floorCores: 0.05,
  floorBytes: 16 * 1024 ** 2,
};
