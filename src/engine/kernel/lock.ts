import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { cancelled, PlimsollError } from '../../errors.ts';

export interface LockOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds to wait for the lock; then `conflict` is thrown. Default 60 000. */
  readonly timeoutMs?: number;
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
  const lock = await acquire(path, options);
  return { [Symbol.dispose]: () => lock.close() };
}

async function acquire(path: string, options: LockOptions): Promise<DatabaseSync> {
  const deadline = performance.now() + (options.timeoutMs ?? 60_000);
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    for (let pause = 1; ; pause = Math.min(pause * 1.5, 25)) {
      if (tryExclusive(lock)) return lock;
      if (options.signal?.aborted) throw cancelled('waiting for a lock');
      if (performance.now() > deadline) throw busy(path);
      await sleep(pause);
    }
  } catch (error) {
    lock.close();
    throw error;
  }
}

function tryExclusive(lock: DatabaseSync): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE');
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
