import type { CacheLimits } from '../../engine/index.ts';
import { humanSize } from '../../words/index.ts';

/** A line on how much the build cache may take, as `builder du` and `system df` end with; empty where it is unbounded. */
export function describeCacheLimits(limits: CacheLimits | undefined): string {
  if (limits === undefined) return '';
  const { maxUsedBytes = Number.POSITIVE_INFINITY, reservedBytes = 0, minFreeBytes = 0 } = limits;
  const most = Number.isFinite(maxUsedBytes) ? humanSize(Math.max(maxUsedBytes, reservedBytes)) : 'none';
  const less = minFreeBytes > 0 && reservedBytes < maxUsedBytes;
  const rest = less
    ? `, and down to ${humanSize(reservedBytes)} where less than ${humanSize(minFreeBytes)} of the disk is free`
    : '';
  return `Build cache limit: ${most}${rest}\n`;
}
