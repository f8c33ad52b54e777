import type { LogEntry } from '../types.ts';

const space = 0x20;
const newline = 0x0a;

/**
 * Parses one line of conmon's `k8s-file` log, without its newline:
 * `2026-11-23T21:27:43.109551764+00:00 stdout F text`. `P` marks a piece of a line that goes on. The text is raw bytes,
 * any but newline. Returns undefined for what is not such a line (the torn end of a file).
 */
export function parseLogLine(line: Buffer): LogEntry | undefined {
  const timeEnd = line.indexOf(space);
  const streamEnd = line.indexOf(space, timeEnd + 1);
  const tagEnd = line.indexOf(space, streamEnd + 1);
  if (timeEnd < 1 || streamEnd < 0 || tagEnd < 0) return undefined;
  const stream = line.toString('latin1', timeEnd + 1, streamEnd);
  const tag = line.toString('latin1', streamEnd + 1, tagEnd);
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  return {
    time: line.toString('latin1', 0, timeEnd),
    stream,
    line: line.subarray(tagEnd + 1),
    partial: tag.startsWith('P'),
  };
}

/** Writes an entry as the monitor does, newline included: the inverse of `parseLogLine`. */
export function formatLogLine({ time, stream, line, partial }: LogEntry): Buffer {
  return Buffer.concat([Buffer.from(`${time} ${stream} ${partial ? 'P' : 'F'} `), line, Buffer.of(newline)]);
}

/** Milliseconds since the epoch of an entry's time; NaN if it is not one. */
export function logTime(entry: LogEntry): number {
  return Date.parse(entry.time.replace(/(\.\d{3})\d*/, '$1'));
}

/** Cuts a growing stream of bytes into lines; what has no newline yet waits for the next piece. */
export class LineSplitter {
  #rest: Buffer[] = [];

  /** The lines that `chunk` completes, without their newlines. */
  push(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    let from = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      this.#rest.push(chunk.subarray(from, at));
      lines.push(this.#rest.length === 1 ? (this.#rest[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#rest));
      this.#rest = [];
      from = at + 1;
    }
    if (from < chunk.length) this.#rest.push(chunk.subarray(from));
    return lines;
  }
}
