import { existsSync, statSync } from 'node:fs';

/** How many rotated files are kept beside the current one. */
export const rotatedFiles = 2;

/** The files of a log that are there, oldest first: `ctr.log.2`, `ctr.log.1`, `ctr.log`. */
export function logFiles(path: string): string[] {
  const rotated = Array.from({ length: rotatedFiles }, (_, i) => rotatedPath(path, rotatedFiles - i));
  return [...rotated, path].filter(existsSync);
}

/** The name that the n-th newest rotated file has. */
export function rotatedPath(path: string, n: number): string {
  return `${path}.${n}`;
}

/** The file's identity on its disk, which a rename keeps; undefined if there is none. */
export function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
