import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { cancelled, PlimsollError } from '../../errors.ts';
import { monotonicMs } from '../../lib/monotonic-ms.ts';

export interface LockOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds to wait for the lock; then `conflict` is thrown. Default 60 000. */
  readonly timeoutMs?: number;
  /** Called once if somebody else has the lock. */
  readonly onBusy?: () => void;
}

/**
 * Runs `action` while holding the exclusive lock on `path`, among all processes of the machine. The kernel frees
 * the lock when its process dies, however it dies. Not re-entrant.
 *
 * The lock is SQLite's own (fcntl) on an empty database file: built into Node, 31 us, no native module.
 */
export async function withLock<T>(
  path: string,
  action: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  using _lock = await takeLock(path, options);
  return await action();
}

/** The same lock, held until it is disposed of: for work that does not end with a call. */
export async function takeLock(path: string, options: LockOptions = {}): Promise<Disposable> {
  const deadline = monotonicMs() + (options.timeoutMs ?? 60_000);
  const leave = await queue(path, deadline, options);
  try {
    const lock = await acquire(path, deadline, options);
    return {
      [Symbol.dispose]() {
        lock.close();
        leave();
      },
    };
  } catch (error) {
    leave();
    throw error;
  }
}

/** When the last of this process who holds a lock, or waits for it, will have left: they wake one another, without asking the kernel. */
const lastInLine = new Map<string, Promise<void>>();

/** Resolves when all who came before have left, with the way to leave. */
async function queue(path: string, deadline: number, options: LockOptions): Promise<() => void> {
  const before = lastInLine.get(path);
  const { promise: left, resolve } = Promise.withResolvers<void>();
  lastInLine.set(path, left);
  const leave = () => {
    if (lastInLine.get(path) === left) lastInLine.delete(path);
    resolve();
  };
  try {
    if (before !== undefined) options.onBusy?.();
    if (before !== undefined) await turn(before, path, deadline, options);
    return leave;
  } catch (error) {
    void before?.then(leave); // whoever stands behind still has to wait for those in front
    throw error;
  }
}

async function turn(before: Promise<void>, path: string, deadline: number, { signal }: LockOptions) {
  const over = new AbortController();
  const ends = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
  const timeout = sleep(Math.max(0, deadline - monotonicMs()), 'late', { signal: ends }).catch(
    () => 'aborted',
  );
  const first = await Promise.race([before.then(() => 'free'), timeout]);
  over.abort();
  if (first === 'late') throw busy(path);
  if (first === 'aborted') throw cancelled('waiting for a lock');
}

async function acquire(path: string, deadline: number, options: LockOptions): Promise<DatabaseSync> {
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    for (let pause = 1; ; pause = Math.min(pause * 1.5, 25)) {
      if (tryExclusive(lock)) return lock;
      if (pause === 1) options.onBusy?.();
      if (options.signal?.aborted) throw cancelled('waiting for a lock');
      if (monotonicMs() > deadline) throw busy(path);
      await sleep(pause);
    }
  } catch (error) {
    lock.close();
    throw error;
  }
}

function tryExclusive(lock: DatabaseSync): boolean {
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE'); // else each lock makes a file and deletes it again
    return true;
  } catch (error) {
    const SQLITE_BUSY = 5;
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return false;
    throw error;
  }
}

function busy(path: string): PlimsollError {
  return new PlimsollError(
    'conflict',
    `another plimsoll process has been holding the lock "${path}" for too long`,
    {
      code: 'LOCK_BUSY',
      hint: 'wait for the other operation to end, or stop that process',
      data: { path },
    },
  );
}
