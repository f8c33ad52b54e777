/**
 * Carries out a plan: steps in parallel, each from the cache or into a new layer.
 * @module
 */
export type { StepDeps } from './build-deps.ts';
export { CommandFailed, executeRun, type RunSettings } from './execute-run.ts';
export { baseLayersOf, imageConfigOf } from './image-config.ts';
export { type SecretSource, type SshSource, secretValues, sshAgents } from './mounts/index.ts';
export { prepareCopy } from './prepare-copy.ts';
export { type BuildScope, runStep } from './run-step.ts';
export { solveGraph } from './solve-graph.ts';
export { type ContextTrees, StepFiles } from './step-files.ts';
export type { StepReport, StepState } from './step-state.ts';
