/**
 * Images: immutable views of configs and layers, and the names that point at them.
 * @module
 */
export type { BootstrapRequest, ImageDetails, ImageService, ImageSummary } from './types.ts';
