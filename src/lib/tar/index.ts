/**
 * The tar format as pure functions over bytes: entries, headers, and a reader that trusts nothing.
 * @module
 */

export {} from './bad-archive.ts';
export { blankEntry, type TarEntry, type TarType, tarPadding } from './entry.ts';
export { readTar } from './read-tar.ts';
export { renameRoot } from './rename-root.ts';
export { type TarPart, type TarReaderOptions, tarReader } from './tar-reader.ts';
export { tarEnd, writeTarHeader } from './write-header.ts';
