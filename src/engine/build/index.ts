/**
 * From a Dockerfile to an image: text, instructions, graph, result.
 *
 *     const builds = createBuildService({ root, db, images, snapshots, runtime, networks, events });
 *     const { image } = await builds.build({ context: '/srv/app', tags: ['app'] });
 * @module
 */
export type { BuildImages } from './build-images.ts';
export type { BuildStep } from './build-step.ts';
export { type BuildKeeper, type BuildServiceOptions, createBuildService } from './create-build-service.ts';
export { DockerfileError } from './dockerfile/index.ts';
export { applyChanges } from './plan/index.ts';
export { type PackedContext, packContext } from './source/index.ts';
export type {
  BuildOutline,
  BuildProgress,
  BuildRecord,
  BuildRequest,
  BuildService,
  BuildWarning,
  CacheFrom,
  CacheLimits,
  CacheRecord,
  CacheSelection,
  CacheSettings,
  CacheShare,
  CacheTo,
  CheckReport,
  FailedStep,
  StepCost,
} from './types.ts';
export type {
  WorkCommitRequest,
  WorkConfigChange,
  WorkCopyRequest,
  WorkFromRequest,
  WorkingContainer,
  WorkRunRequest,
  WorkService,
} from './work/index.ts';
