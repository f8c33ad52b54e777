/**
 * Named and anonymous volumes.
 *
 *     const volumes = createVolumeService({ root, db, events, clock: Date.now });
 *     const { path } = volumes.use('data', containerId);
 * @module
 */
export type { Volume, VolumeRequest, VolumeService } from './types.ts';
export { createVolumeService, type VolumeServiceOptions } from './volume-service.ts';
