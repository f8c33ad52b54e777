import { defaultRule } from '../../capacity/index.ts';
import { formatDuration } from '../../lib/format-duration.ts';

/** What has to be recorded before there is advice. */
export const leastHistory = `advice needs ${formatDuration(defaultRule.leastSeconds * 1000)} and ${defaultRule.leastPoints} points`;
