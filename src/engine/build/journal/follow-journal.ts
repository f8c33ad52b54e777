import { closeSync, openSync, readSync, watch } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlimsollError } from '../../../errors.ts';
import type { BuildProgress } from '../types.ts';

const PIECE_BYTES = 64 * 1024;
/** Longest time without a look, should a notice of the kernel be missed. */
const LOOK_MS = 200;

/**
 * Replays a journal from its beginning and follows it while it grows, from any process. Ends after `finished`, when the
 * signal fires, or when `isOver` says that nobody writes any more.
 */
export async function* followJournal(
  path: string,
  options: { signal: AbortSignal; isOver: () => boolean },
): AsyncGenerator<BuildProgress> {
  const { signal, isOver } = options;
  const file = openJournal(path);
  let wake = () => {};
  const watcher = watch(path, () => wake());
  const onAbort = () => wake();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const lines = new Lines(file);
    while (!signal.aborted) {
      const over = isOver(); // asked before reading: what is written until then will be seen
      for (const event of lines.read()) {
        yield event;
        if (event.kind === 'finished' || signal.aborted) return;
      }
      if (over) return;
      const nudged = new Promise<void>(resolve => {
        wake = resolve;
      });
      const stop = new AbortController();
      await Promise.race([nudged, sleep(LOOK_MS, undefined, { signal: stop.signal }).catch(() => {})]);
      stop.abort();
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    watcher.close();
    closeSync(file);
  }
}

function openJournal(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw new PlimsollError('not-found', 'the journal of this build is gone', {
      code: 'BUILD_NOT_FOUND',
      hint: "run 'plimsoll builds' to see which are kept",
      cause: error,
    });
  }
}

/** Whole lines of a growing file. */
class Lines {
  readonly #file: number;
  readonly #piece = Buffer.alloc(PIECE_BYTES);
  #rest = Buffer.alloc(0);

  constructor(file: number) {
    this.#file = file;
  }

  *read(): Generator<BuildProgress> {
    for (;;) {
      const length = readSync(this.#file, this.#piece, 0, PIECE_BYTES, null);
      if (length === 0) return;
      let bytes = Buffer.concat([this.#rest, this.#piece.subarray(0, length)]);
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
        yield JSON.parse(bytes.toString('utf8', 0, end)) as BuildProgress;
        bytes = bytes.subarray(end + 1);
      }
      this.#rest = Buffer.from(bytes);
    }
  }
}
