/**
 * Root filesystems from layers: stage, commit, mount, import, export.
 * @module
 */
export type { Layer, SnapshotService, StagedLayer } from './types.ts';
