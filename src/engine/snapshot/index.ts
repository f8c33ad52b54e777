/**
 * Root filesystems from layers: stage, commit, mount, import, export.
 *
 *     await using staged = await snapshots.stage(image.layers);
 *     await writeFile(join(staged.target, 'etc/motd'), 'hello\n');
 *     using layer = await staged.commit();
 * @module
 */
export { createSnapshotService } from './create-snapshot-service.ts';
export type {
  ChangedFolder,
  CoveredFolder,
  HeldLayer,
  Layer,
  LayerChange,
  LayerEntry,
  ScratchFolder,
  SnapshotService,
  StagedLayer,
} from './types.ts';
