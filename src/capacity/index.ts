/**
 * From samples to a verdict on load: pure functions over numbers.
 *
 *     const { cpu } = loadLine(frame, limits);
 *     console.log(`${formatCores(cpu.wasted)} of ${formatCores(cpu.capacity)} cores wasted`);
 * @module
 */
export { type ContainerLoad, type LoadLine, loadLine, type ResourceLoad } from './load-line.ts';
