/**
 * Results of steps by the content that decided them, and why one was not there.
 * @module
 */

export { type BuildCache, type CacheHit, keyOf, openBuildCache } from './build-cache.ts';
export { type CacheMountRecord, type CacheMounts, openCacheMounts } from './cache-mounts.ts';
export { cacheUsage, selectRecords } from './cache-usage.ts';
export { explainMiss, type StepInputs } from './step-inputs.ts';
