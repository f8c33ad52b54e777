/** A resolution that is kept: rows of `seconds` each, for `keepSeconds`. */
export interface Tier {
  readonly seconds: number;
  readonly keepSeconds: number;
}

const [hour, day] = [3600, 86_400];

/** From fine to coarse. Each row is made of whole rows of the tier before it; the first holds single seconds. */
export const tiers: readonly Tier[] = [
  { seconds: 10, keepSeconds: hour },
  { seconds: 60, keepSeconds: 7 * day },
  { seconds: 15 * 60, keepSeconds: 31 * day },
  { seconds: day, keepSeconds: 31 * day },
];

/** What `time` is rounded down to in rows of so many seconds. */
export function floorTo(time: number, seconds: number): number {
  return Math.floor(time / seconds) * seconds;
}
