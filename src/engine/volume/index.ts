/**
 * Named and anonymous volumes.
 * @module
 */
export type { Volume, VolumeService } from './types.ts';
