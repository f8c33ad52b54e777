/**
 * The results of a build's steps, to and from places that other machines reach: records by the keys of the build cache,
 * and the layers that they name.
 * @module
 */
export { type CacheCollector, collectResults } from './collect-results.ts';
export { exportCaches, inlineRecords } from './export-caches.ts';
export { type ImportedCaches, importCaches } from './import-caches.ts';
