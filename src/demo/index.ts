/**
 * Five small services to look at, built from Dockerfiles beside this file: a web server, a CPU hog, a memory hog, an
 * idle one with a large reservation, and a batch job that fails.
 *
 *     await demoUp(engine, { onProgress: line => console.error(line) });
 *     await demoDown(engine);
 * @module
 */
export { demoDown } from './demo-down.ts';
export { type DemoOptions, demoUp } from './demo-up.ts';
