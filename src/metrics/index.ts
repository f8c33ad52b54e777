/**
 * Figures of an engine, its machine and its containers for Prometheus and whatever reads its formats. Pure.
 *
 *     const text = formatMetrics(await readMetrics(engine, { now, version }));
 * @module
 */
export { formatMetrics } from './format-metrics.ts';
export { readMetrics } from './read-metrics.ts';
