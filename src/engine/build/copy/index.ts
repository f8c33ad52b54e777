/**
 * COPY and ADD: files into a root filesystem.
 *
 *     await copyFiles({ root: staged.target, selections, destination: '/app/', attributes: false });
 * @module
 */
export { type CopyRequest, copyFiles } from './copy-files.ts';
export { download } from './download.ts';
export { makeFolder, type Owner } from './folders.ts';
export { checkOutGit, type GitAccess, resolveGit } from './git.ts';
export { parseModeChange } from './mode-change.ts';
export { isArchive, unpackArchive } from './unpack-archive.ts';
