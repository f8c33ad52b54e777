import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlimsollError } from '../../../errors.ts';
import { commandError, start } from '../../kernel/index.ts';
import type { LogEntry } from '../types.ts';
import { LineSplitter } from './k8s-file.ts';
import type { ReadLogOptions } from './read-log.ts';

/**
 * The entries that a container's monitor has written to the journal, as journalctl(1) gives them; with `follow` also
 * what comes, until the container ends or the signal fires. Throws `unavailable` where there is no journalctl.
 */
export async function* readJournal(id: string, options: ReadLogOptions): AsyncGenerator<LogEntry> {
  const child = start('journalctl', journalArguments(id, options), { stdio: ['ignore', 'pipe', 'pipe'] });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', error => reject(commandError('journalctl', error)));
  });
  failed.catch(() => {}); // told below
  const stop = () => child.kill('SIGTERM');
  options.signal?.addEventListener('abort', stop, { once: true });
  const over = new AbortController();
  if (options.follow) void stopAfterEnd(options.ended, stop, over.signal);
  try {
    const splitter = new LineSplitter();
    const output = (child.stdout as Readable)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    for (;;) {
      const { done, value } = await Promise.race([output.next(), failed]);
      if (done) return;
      for (const line of splitter.push(value)) {
        const entry = parseJournalLine(line.toString('utf8'));
        if (entry !== undefined) yield entry;
      }
    }
  } finally {
    over.abort();
    options.signal?.removeEventListener('abort', stop);
    stop();
  }
}

/** journalctl does not know when a container ends: a moment after that all of it has been read. */
async function stopAfterEnd(ended: () => boolean, stop: () => void, signal: AbortSignal): Promise<void> {
  try {
    for (let sinceEnd = 0; sinceEnd < 2; sinceEnd += ended() ? 1 : 0)
      await sleep(500, undefined, { signal, ref: false });
    stop();
  } catch {
    // reading is over already
  }
}

/** conmon marks each entry by the container's whole id. */
export function journalArguments(id: string, { since, until, tail, follow }: ReadLogOptions): string[] {
  const at = (ms: number) => `@${(ms / 1000).toFixed(3)}`;
  return [
    ...['--quiet', '--all', '--output=json', `CONTAINER_ID_FULL=${id}`],
    ...(since === undefined ? [] : [`--since=${at(since)}`]),
    ...(until === undefined ? [] : [`--until=${at(until)}`]),
    `--lines=${tail ?? 'all'}`,
    ...(follow ? ['--follow'] : []),
  ];
}

const newline = 10;

/**
 * One entry of `journalctl --output=json`. A message is text, or its bytes where it is not UTF-8; priority 3 is
 * standard error (conmon's ctr_logging.c). The newline of a whole line is part of it with some versions of conmon (2.1.6)
 * and is no part of an entry. Undefined for what is no such entry.
 */
export function parseJournalLine(text: string): LogEntry | undefined {
  let fields: Readonly<Record<string, unknown>>;
  try {
    fields = JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
  const { MESSAGE: message, __REALTIME_TIMESTAMP: microseconds } = fields;
  const bytes =
    typeof message === 'string'
      ? Buffer.from(message)
      : Array.isArray(message)
        ? Buffer.from(message)
        : undefined;
  if (bytes === undefined || typeof microseconds !== 'string' || !/^\d{7,}$/.test(microseconds))
    return undefined;
  return {
    time: `${new Date(Number(microseconds.slice(0, -3))).toISOString().slice(0, -1)}${microseconds.slice(-3)}000Z`,
    stream: fields.PRIORITY === '3' ? 'stderr' : 'stdout',
    line: bytes.at(-1) === newline ? bytes.subarray(0, -1) : bytes,
    partial: fields.CONTAINER_PARTIAL_MESSAGE === 'true',
  };
}

/** The error for a log that nobody keeps. */
export function logNotKept(name: string): PlimsollError {
  return new PlimsollError('not-implemented', `the output of "${name}" is kept nowhere (--log-driver none)`, {
    code: 'LOG_NOT_KEPT',
    hint: "'plimsoll attach' shows what comes from now on",
    data: { container: name },
  });
}
