import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { errnoOf } from '../../errors.ts';
import type { LimitChange } from './types.ts';

/** A line of the log: a change, or that one was taken back (or never came to be). */
export type LimitLine = LimitChange & { readonly takesBack?: true };

/** At this size a log begins anew; the one before is kept as `PATH.old`. */
const mostBytes = 4 * 1024 ** 2;

/** Adds lines, and waits until they are on disk. */
export function appendLines(path: string, lines: readonly LimitLine[]): void {
  const file = openSync(path, 'a+', 0o600);
  let size: number;
  try {
    size = fstatSync(file).size;
    const text = lines.map(line => `${JSON.stringify(line)}\n`).join('');
    writeSync(file, endsInLine(file, size) ? text : `\n${text}`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (size > mostBytes) renameSync(path, `${path}.old`);
}

/** All lines, oldest first. What a crash has cut off is left out. */
export function readLines(path: string): LimitLine[] {
  return textOf(path)
    .split('\n')
    .flatMap(line => {
      try {
        return [JSON.parse(line) as LimitLine];
      } catch {
        return [];
      }
    });
}

/** Changes that were not taken back, oldest first. */
export function standing(lines: readonly LimitLine[]): LimitChange[] {
  const kept: LimitChange[] = [];
  for (const { takesBack, ...line } of lines) {
    if (!takesBack) kept.push(line);
    else {
      const index = kept.findLastIndex(
        ({ batch, container }) => batch === line.batch && container.id === line.container.id,
      );
      if (index >= 0) kept.splice(index, 1);
    }
  }
  return kept;
}

function endsInLine(file: number, size: number): boolean {
  if (size === 0) return true;
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, size - 1);
  return last.toString() === '\n';
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  }
}
