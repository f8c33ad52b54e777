/**
 * Facts about a root, and the proof that it is consistent.
 * @module
 */
export type { CheckProblem, SystemInfo, SystemService } from './types.ts';
