/**
 * Root filesystems from layers: stage, commit, mount, import, export.
 *
 *     await using staged = await snapshots.stage(image.layers);
 *     await writeFile(join(staged.target, 'etc/motd'), 'hello\n');
 *     using layer = await staged.commit();
 * @module
 */
export { createSnapshotService } from './create-snapshot-service.ts';
export { diskBytes } from './disk-bytes.ts';
export { chooseStorage } from './drivers/choose-storage.ts';
export { explainStorage } from './drivers/explain-storage.ts';
export type { DriverName, StorageChoice } from './drivers/types.ts';
export { byteLimitOf } from './packed/byte-limit.ts';
export {
  compressionOf,
  compressionOfHead,
  type FilePart,
  readPart,
  unpackedBy,
} from './packed/packed-tar.ts';
export type {
  ChangedFolder,
  CoveredFolder,
  HeldLayer,
  KeptTree,
  Layer,
  LayerChange,
  LayerEntry,
  ScratchFolder,
  SnapshotService,
  StagedLayer,
} from './types.ts';
export type { ThreadWord } from './unpack-in-thread.ts';
export { type UnpackJob, unpackLayer } from './unpack-layer.ts';
