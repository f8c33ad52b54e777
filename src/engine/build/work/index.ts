/**
 * Images built step by step from a script: a working container is made of an image, changed by one verb after the other,
 * and committed.
 * @module
 */
export { createWorkService, type WorkServiceOptions } from './create-work-service.ts';
export type {
  WorkCommitRequest,
  WorkConfigChange,
  WorkCopyRequest,
  WorkFromRequest,
  WorkingContainer,
  WorkRunRequest,
  WorkService,
} from './types.ts';
