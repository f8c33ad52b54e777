/**
 * Results of steps by the content that decided them, and why one was not there.
 * @module
 */
export { type BuildCache, type CacheHit, openBuildCache } from './build-cache.ts';
export { explainMiss, type StepInputs } from './step-inputs.ts';
