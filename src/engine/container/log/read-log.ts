import { type FileHandle, open } from 'node:fs/promises';
import type { LogEntry, LogOptions } from '../types.ts';
import { LineSplitter, logTime, parseLogLine } from './k8s-file.ts';
import { inodeOf, logFiles } from './log-files.ts';
import { tailStart } from './tail-start.ts';
import { watchFolder } from './watch-folder.ts';

export interface ReadLogOptions extends LogOptions {
  /** With `follow`: true once the container has ended and writes no more. */
  readonly ended: () => boolean;
}

const chunkBytes = 256 * 1024;

/**
 * The entries of a container's log at `path`, oldest first, through its rotated files; with `follow` also what comes,
 * through further rotations, until the container ends or the signal fires. Memory is bounded by the longest line.
 */
export async function* readLog(path: string, options: ReadLogOptions): AsyncGenerator<LogEntry> {
  const verdictOf = within(options);
  for await (const line of rawLines(path, options)) {
    const entry = parseLogLine(line);
    if (entry === undefined) continue;
    const verdict = verdictOf(entry);
    if (verdict === 'over') return;
    if (verdict === 'yes') yield entry;
  }
}

/**
 * Entries are in the order in which they were written, not always in that of their times: a clock may be set back. So
 * all is wanted from the first entry on that is late enough; and behind one that is too late there may be others.
 */
function within({ since, until, follow }: LogOptions): (entry: LogEntry) => 'yes' | 'no' | 'over' {
  let begun = since === undefined;
  return entry => {
    if (begun && until === undefined) return 'yes';
    const time = logTime(entry);
    begun ||= time >= (since ?? 0);
    if (!begun) return 'no';
    if (until === undefined || time <= until) return 'yes';
    return follow ? 'over' : 'no';
  };
}

async function* rawLines(path: string, options: ReadLogOptions): AsyncGenerator<Buffer> {
  using folder = options.follow ? watchFolder(path) : undefined;
  const splitter = new LineSplitter();
  for await (const chunk of chunks(path, options, folder)) {
    for (const line of splitter.push(chunk)) {
      if (options.signal?.aborted) return;
      yield line;
    }
  }
}

/** Bytes of the log in order: each file to its end, then the next newer one; at the newest, what is appended. */
async function* chunks(
  path: string,
  { tail, follow, ended, signal }: ReadLogOptions,
  folder: ReturnType<typeof watchFolder> | undefined,
): AsyncGenerator<Buffer> {
  const files = logFiles(path);
  const start = tail === undefined ? undefined : tailStart(files, tail);
  let current = start?.path ?? files[0] ?? path;
  let offset = start?.offset ?? 0;
  while (!signal?.aborted) {
    const file = await openIfThere(current);
    if (file === undefined) {
      if (!follow || ended()) return;
      await folder?.change(signal);
      continue;
    }
    try {
      const inode = (await file.stat()).ino;
      for (;;) {
        const overBefore = ended(); // asked first: what is written before the end is then read below
        for await (const chunk of toEnd(file, offset)) {
          offset += chunk.length;
          yield chunk;
        }
        const next = newerThan(path, inode);
        if (next !== undefined) {
          yield* toEnd(file, offset); // what came between the last read and the rotation
          current = next;
          offset = 0;
          break;
        }
        if (!follow || overBefore || signal?.aborted) return;
        if ((await file.stat()).size < offset)
          offset = 0; // truncated in place
        else await folder?.change(signal);
      }
    } finally {
      await file.close();
    }
  }
}

async function* toEnd(file: FileHandle, from: number): AsyncGenerator<Buffer> {
  for (let offset = from; ; ) {
    const length = Math.min(chunkBytes, (await file.stat()).size - offset);
    if (length <= 0) return; // a follower finds so again and again: without memory for what is not there
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, offset);
    if (bytesRead === 0) return;
    offset += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The file that follows the one with this inode, if that one is no longer the newest. */
function newerThan(path: string, inode: number): string | undefined {
  const files = logFiles(path);
  const at = files.findIndex(file => inodeOf(file) === inode);
  return at < 0 ? files[0] : files[at + 1];
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
