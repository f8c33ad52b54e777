import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Where reading begins. */
export interface LogPosition {
  readonly path: string;
  readonly offset: number;
}

const blockBytes = 64 * 1024;

/**
 * Finds where the last `lines` lines of a log begin, reading backwards from its end, so that the cost follows the number
 * of lines and not the size of the log. `files` are oldest first. Pieces (`P`) count with the line they belong to.
 */
export function tailStart(files: readonly string[], lines: number): LogPosition | undefined {
  let missing = lines;
  for (const path of files.toReversed()) {
    const found = scanBackwards(path, missing);
    if (found.offset !== undefined) return { path, offset: found.offset };
    missing -= found.seen;
  }
  const oldest = files[0];
  return oldest === undefined ? undefined : { path: oldest, offset: 0 };
}

/**
 * Counts ended lines from the end of one file; gives the offset behind the (wanted + 1)-th last one, if it has so many.
 * An unfinished last line counts as one.
 */
function scanBackwards(path: string, wanted: number): { offset?: number; seen: number } {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    let end = size;
    let rest: Buffer = Buffer.alloc(0);
    let restEnd = end;
    let seen = 0;
    let first = true;
    while (end > 0) {
      const start = Math.max(0, end - blockBytes);
      const block = Buffer.concat([readBlock(file, start, end - start), rest]);
      let lineEnd = block.length;
      for (
        let at = block.lastIndexOf(0x0a, lineEnd - 1);
        at >= 0;
        at = block.lastIndexOf(0x0a, lineEnd - 1)
      ) {
        const line = block.subarray(at + 1, lineEnd);
        const isTorn = restEnd - block.length + lineEnd === size; // a full disk cut it off: nobody will see it
        if (line.length > 0 && !isTorn) {
          if (first || endsLine(line)) {
            if (seen === wanted) return { offset: restEnd - block.length + lineEnd + 1, seen };
            seen++;
          }
          first = false;
        }
        lineEnd = at;
        if (at === 0) break;
      }
      rest = block.subarray(0, lineEnd);
      restEnd = restEnd - block.length + lineEnd;
      end = start;
    }
    if (rest.length > 0 && endsLine(rest)) {
      if (seen === wanted) return { offset: rest.length + 1, seen };
      seen++;
    }
    return { seen };
  } finally {
    closeSync(file);
  }
}

/** True if a raw line of the log ends a line of the container (tag `F`). */
function endsLine(raw: Buffer): boolean {
  const stream = raw.indexOf(0x20);
  const tag = raw.indexOf(0x20, stream + 1);
  return raw[tag + 1] !== 0x50;
}

function readBlock(file: number, offset: number, length: number): Buffer {
  const block = Buffer.alloc(length);
  const got = readSync(file, block, 0, length, offset);
  return block.subarray(0, got);
}
