/**
 * Results of steps by the content that decided them, and why one was not there.
 * @module
 */

export { type BuildCache, type CacheHit, keyOf, openBuildCache } from './build-cache.ts';
export { type CacheKeeper, createCacheKeeper } from './cache-keeper.ts';
export type { DiskSpace } from './cache-limits.ts';
export { type CacheMountRecord, type CacheMounts, openCacheMounts } from './cache-mounts.ts';
export { explainMiss, type StepInputs } from './step-inputs.ts';
export type { CacheTrimmed } from './trim-cache.ts';
