/**
 * The tar format as pure functions over bytes: entries, headers, and a reader that trusts nothing.
 * @module
 */
export { type TarEntry, type TarType, tarBlock, tarPadding } from './entry.ts';
export { tarEnd, writeTarHeader } from './write-header.ts';
