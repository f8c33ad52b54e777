import { existsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { StreamOptions, StreamOrder, StreamWord } from './splice-streams.ts';

/** Hands connections of TCP on, on a thread that is there while any port is open. */
export interface StreamThread {
  /**
   * Listens at a bound socket, which is the thread's from then on. Rejects with the system's error. What it resolves
   * with closes the port and breaks its connections.
   */
  open(target: StreamTarget): Promise<() => Promise<void>>;
}

/**
 * The thread is in the network namespace that this one is in when the first port is opened. Node copies each byte twice
 * through its own memory, which halves what a port carries; splice(2) does not, but has to be called by somebody who waits.
 */
export function createStreamThread(options: StreamOptions): StreamThread {
  let thread: Promise<Running> | undefined;
  const ports = new Set<number>();
  const leave = async (running: Promise<Running>, port: number) => {
    ports.delete(port);
    const isLast = ports.size === 0;
    if (isLast) thread = undefined;
    const { ask, end } = await running;
    await ask({ close: port });
    if (isLast) end();
  };
  return {
    async open({ listener, ...target }) {
      ports.add(listener); // before the first wait: who closes the last one meanwhile must not end the thread
      thread ??= startThread(options);
      const running = thread;
      const { ask } = await running;
      const errno = await ask({ open: listener, ...target });
      if (errno === 0) return () => leave(running, listener);
      await leave(running, listener);
      throw Object.assign(new Error('listen'), { code: getSystemErrorName(errno) });
    },
  };
}

interface StreamTarget {
  readonly listener: number;
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  /** For clients of IPv6 that are seen by their own address. */
  readonly address6?: Uint8Array;
  readonly port: number;
}

interface Running {
  /** Resolves with 0 or a negative errno. */
  readonly ask: (order: Exclude<StreamOrder, { end: true }>) => Promise<number>;
  readonly end: () => void;
}

async function startThread(workerData: StreamOptions): Promise<Running> {
  const worker = new Worker(threadFile(), {
    workerData,
    execArgv: [], // what is loaded into this process by a relative path would not be found any more
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 },
  });
  worker.on('error', error => {
    throw error; // the process ends, and is brought back by the next call
  });
  const alarm = await new Promise<number>(resolve => worker.once('message', resolve));
  const answers = new Map<number, (errno: number) => void>();
  worker.on('message', ({ port, errno }: StreamWord) => {
    answers.get(port)?.(errno);
    answers.delete(port);
  });
  let hasEnded = false; // and closed its alarm
  const order = (words: StreamOrder) => {
    if (hasEnded) return;
    hasEnded = 'end' in words;
    worker.postMessage(words);
    writeSync(alarm, one); // it waits for sockets, and hears of this by its alarm
  };
  // A thread that waits would hold up the end of the process.
  const end = () => order({ end: true });
  process.once('exit', end);
  worker.once('exit', () => process.off('exit', end));
  const ask: Running['ask'] = words => {
    const answer = Promise.withResolvers<number>();
    answers.set('open' in words ? words.open : words.close, answer.resolve);
    order(words);
    return answer.promise;
  };
  return { ask, end };
}

/** What eventfd(2) adds up. */
const one = Buffer.from(BigUint64Array.of(1n).buffer);

/** In the bundle, a file of its own beside the one that this is in. */
function threadFile(): string {
  const bundled = join(import.meta.dirname, 'forward-thread.cjs');
  return existsSync(bundled) ? bundled : join(import.meta.dirname, 'forward-thread.ts');
}
