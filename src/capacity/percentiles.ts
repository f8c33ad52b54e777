import type { UsageHistory } from '../engine/index.ts';

/** How much was used over a time: half of it at most `median`, 95 % of it at most `p95`, and so on. */
export interface Percentiles {
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** The figures that people ask for; all within 1 %, the highest exactly. */
export function percentilesOf(histogram: UsageHistory['cpu']): Percentiles {
  const at = (share: number) => histogram.quantile(share);
  return { median: at(0.5), p95: at(0.95), p99: at(0.99), max: histogram.max };
}
