import { defaultRule } from '../../capacity/index.ts';
import { formatDuration } from '../../lib/format-duration.ts';

/** Says what has to be recorded before there is advice. */
export function leastHistory(): string {
  const { leastSeconds, leastPoints } = defaultRule;
  return `advice needs ${formatDuration(leastSeconds * 1000)} and ${leastPoints} points`;
}
