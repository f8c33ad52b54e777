/**
 * The root of an engine on disk: its folders, its metadata database, its content-addressed blobs and leases.
 *
 *     const root = resolveRoot({ env: process.env, uid: process.getuid?.() ?? 0 });
 *     createRootFolders(root);
 *     using db = Database.open(join(root.dataDir, 'plimsoll.db'));
 * @module
 */
export { type Blobs, createBlobs, sha256 } from './blobs.ts';
export { Database, isUniqueViolation, type Row } from './database.ts';
export { createDownloads, type Download, type Downloads } from './downloads.ts';
export { hasLeftovers } from './has-leftovers.ts';
export { createLeases, type Lease, type LeaseRecord, type Leases } from './leases.ts';
export {
  createRootFolders,
  type Root,
  type RootRequest,
  readBootMark,
  resolveRoot,
} from './root.ts';
export { signRunFolder, sweepRunFolders } from './sweep-run-folders.ts';
