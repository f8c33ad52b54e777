/**
 * From instructions to a graph of steps. Pure: what it needs of images comes in, what it wants to know is asked for.
 *
 *     const result = planBuild({ source, buildArgs: {}, labels: {}, platform, network: 'bridge', bases: new Map() });
 * @module
 */
export { applyChanges } from './apply-changes.ts';
export { baseKey } from './base-key.ts';
export type {
  BaseImage,
  BuildPlan,
  BuildPlatforms,
  CopyOperation,
  CopySource,
  FileSource,
  MountOperation,
  NamedContext,
  NeededImage,
  Operation,
  PlanRequest,
  PlanResult,
  RunOperation,
  StepNetwork,
  Vertex,
  WorkdirOperation,
} from './plan.ts';
export { planBuild } from './plan-build.ts';
export { planOneRun } from './plan-one-run.ts';
export { scriptPath } from './plan-run.ts';
export { parsePlatform } from './platform.ts';
export { findStage, type Stage, type StagedDockerfile, splitStages } from './split-stages.ts';
export { environmentOf, scratchConfig } from './stage-state.ts';
export { formatPlatform, platformArgs } from './variables.ts';
