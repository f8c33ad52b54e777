import type { CacheLimits, CacheSettings, CacheShare } from '../types.ts';

/** The disk that a cache is on. */
export interface DiskSpace {
  readonly sizeBytes: number;
  /** What an ordinary program may still write. */
  readonly freeBytes: number;
}

const gigabyte = 1e9;

/**
 * The limits of a cache on such a disk: what is set, else as BuildKit's own (`DefaultGCPolicy` of v0.17): at most 100 GB or
 * 80% of the disk, a tenth of it (10 GB at most) in any case, while a fifth of the disk stays free. Undefined where the
 * user wants none.
 */
export function cacheLimitsOf(
  { sizeBytes }: Pick<DiskSpace, 'sizeBytes'>,
  { gc = true, maxUsed, reserved, minFree }: CacheSettings = {},
): Required<CacheLimits> | undefined {
  if (!gc) return undefined;
  const part = (percent: number) => Math.floor((sizeBytes * percent) / 100);
  const bytes = (share: CacheShare) => ('bytes' in share ? share.bytes : part(share.percent));
  const maxUsedBytes = maxUsed === undefined ? Math.min(100 * gigabyte, part(80)) : bytes(maxUsed);
  const reservedBytes = reserved === undefined ? Math.min(10 * gigabyte, part(10)) : bytes(reserved);
  return {
    maxUsedBytes,
    // Who sets no more than a maximum means it.
    reservedBytes: reserved === undefined ? Math.min(reservedBytes, maxUsedBytes) : reservedBytes,
    minFreeBytes: minFree === undefined ? part(20) : bytes(minFree),
  };
}

/**
 * How much of `usedBytes` may stay; undefined if nothing is bounded. As BuildKit reckons: the maximum, less what is missing
 * of free space, but never less than what is reserved. With nothing but a reserve, that is all that stays.
 */
export function bytesToKeep(
  { maxUsedBytes, reservedBytes, minFreeBytes }: CacheLimits,
  { usedBytes, freeBytes }: { readonly usedBytes: number; readonly freeBytes: () => number },
): number | undefined {
  const bounds = [maxUsedBytes, reservedBytes, minFreeBytes];
  if (bounds.every(bound => bound === undefined)) return undefined;
  const missing = minFreeBytes === undefined ? 0 : Math.max(0, minFreeBytes - freeBytes());
  const onlyReserve = maxUsedBytes === undefined && minFreeBytes === undefined;
  const most = maxUsedBytes ?? (onlyReserve ? 0 : usedBytes);
  return Math.max(reservedBytes ?? 0, missing > 0 ? Math.min(most, usedBytes - missing) : most);
}
