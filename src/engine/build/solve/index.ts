/**
 * Carries out a plan: steps in parallel, each from the cache or into a new layer.
 * @module
 */
export type { StepDeps } from './build-deps.ts';
export { CommandFailed } from './execute-run.ts';
export { imageConfigOf } from './image-config.ts';
export { type BuildScope, runStep } from './run-step.ts';
export { solveGraph } from './solve-graph.ts';
export type { StepReport, StepState } from './step-state.ts';
