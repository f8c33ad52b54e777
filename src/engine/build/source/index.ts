/**
 * Where a build takes files from: its context, read in place, and other roots; which of them a COPY means, and the
 * digest of their content.
 * @module
 */
export { digestFiles, type FilesDigest } from './digest-files.ts';
export { hiddenPaths } from './hidden-paths.ts';
export { type KnownDigests, openKnownDigests } from './known-digests.ts';
export { type BuildContext, openContext, openFolder } from './open-context.ts';
export { type PackedContext, packContext } from './pack-context.ts';
export { createPause } from './pause.ts';
export { type FileEntry, type Selection, type SourceTree, selectFiles } from './select-files.ts';
