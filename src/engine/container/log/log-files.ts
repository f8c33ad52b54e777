import { existsSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { namesIn } from '../../kernel/index.ts';

/** The files of a log that are there, oldest first: `ctr.log.2`, `ctr.log.1`, `ctr.log`. */
export function logFiles(path: string): string[] {
  const rotated = rotatedNumbers(path).map(n => rotatedPath(path, n));
  return [...rotated, ...(existsSync(path) ? [path] : [])];
}

/** Largest first: what is oldest. */
export function rotatedNumbers(path: string): number[] {
  const prefix = `${basename(path)}.`;
  const numbers = namesIn(dirname(path))
    .filter(name => name.startsWith(prefix))
    .map(name => name.slice(prefix.length))
    .filter(rest => /^[1-9]\d*$/.test(rest));
  return numbers.map(Number).sort((a, b) => b - a);
}

/** The name that the n-th newest rotated file has. */
export function rotatedPath(path: string, n: number): string {
  return `${path}.${n}`;
}

/** The file's identity on its disk, which a rename keeps; undefined if there is none. */
export function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
