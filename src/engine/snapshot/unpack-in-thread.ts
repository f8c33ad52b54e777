import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { cancelled, PlimsollError } from '../../errors.ts';
import type { UnpackedLayer, UnpackJob } from './unpack-layer.ts';

/** What a thread says of its job. */
export type ThreadWord =
  | { readonly done: UnpackedLayer }
  | { readonly failed: ReturnType<PlimsollError['toJSON']> };

/** Threads that have nothing to do, for the next layer: they go after a while, and hold no process back. */
const idle: { readonly worker: Worker; readonly timer: NodeJS.Timeout; readonly forget: () => void }[] = [];
const idleMs = 5000;

/**
 * `unpackLayer` on a thread of its own, so that layers are unpacked on all CPUs while this thread downloads and draws.
 * A thread that is told to stop ends at once.
 */
export async function unpackInThread(job: UnpackJob, signal?: AbortSignal): Promise<UnpackedLayer> {
  const worker = takeWorker();
  const ended = Promise.withResolvers<ThreadWord>();
  const stop = () => ended.reject(cancelled('unpacking a layer'));
  const onExit = () => ended.reject(lost());
  signal?.addEventListener('abort', stop, { once: true });
  worker.once('message', ended.resolve).once('error', ended.reject).once('exit', onExit);
  let isWhole = false;
  try {
    worker.postMessage(job);
    const word = await ended.promise;
    isWhole = true;
    if ('done' in word) return word.done;
    const { kind, message, ...rest } = word.failed;
    throw new PlimsollError(kind, message, rest);
  } finally {
    signal?.removeEventListener('abort', stop);
    worker.off('message', ended.resolve).off('error', ended.reject).off('exit', onExit);
    if (isWhole) layAside(worker);
    else await worker.terminate(); // it must not write into a folder that is being deleted
  }
}

function takeWorker(): Worker {
  const waiting = idle.pop();
  if (waiting === undefined) return new Worker(threadFile());
  clearTimeout(waiting.timer);
  waiting.worker.off('exit', waiting.forget).off('error', waiting.forget).ref();
  return waiting.worker;
}

function layAside(worker: Worker): void {
  worker.unref();
  const forget = () => {
    clearTimeout(timer);
    const at = idle.findIndex(entry => entry.worker === worker);
    if (at >= 0) idle.splice(at, 1);
  };
  const timer = setTimeout(() => {
    forget();
    void worker.terminate();
  }, idleMs).unref();
  worker.once('exit', forget).once('error', forget); // one that dies must not be given the next layer
  idle.push({ worker, timer, forget });
}

/** In the bundle, or beside this source. */
function threadFile(): string {
  const bundled = join(import.meta.dirname, 'unpack-thread.cjs');
  return existsSync(bundled) ? bundled : join(import.meta.dirname, 'unpack-thread.ts');
}

function lost(): PlimsollError {
  return new PlimsollError('internal', 'the thread that unpacked a layer has ended before it was done', {
    code: 'THREAD_LOST',
    hint: 'nothing of the layer was kept: try again',
  });
}
