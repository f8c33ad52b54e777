/**
 * Facts about a root, and the proof that it is consistent: every reference, digest, mount and lease.
 *
 *     const problems = await engine.system.check({ repair: true });
 * @module
 */
export { createSystemService, type SystemParts } from './system-service.ts';
export type {
  CheckProblem,
  DiskCategory,
  DiskUsage,
  ImageUsage,
  OrphanUsage,
  SystemInfo,
  SystemPruned,
  SystemPruneRequest,
  SystemService,
} from './types.ts';
