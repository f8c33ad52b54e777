import { closeSync, constants, type FSWatcher, openSync, watch, writeSync } from 'node:fs';
import type { Database } from '../store/index.ts';

/** Wakes listeners in this and other processes when something was committed. */
export interface Bell {
  /** Rings once the running transaction has ended. A spare ring is harmless. */
  ring(): void;
  /** Calls `wake` after each ring of any process; returns the way to stop that. Holds the process while it lasts. */
  listen(wake: () => void): () => void;
}

/** How often a listener looks by itself, in case the kernel drops a notification (or has no watch left to give). */
const pollMs = { watched: 1000, unwatched: 100 };

/**
 * A bell in the file `path`: ringing writes to it, and inotify tells every process that watches it. All listeners of
 * one bell share one watch and one timer; without a listener it costs nothing.
 */
export function createBell(path: string, db: Database): Bell {
  const listeners = new Set<() => void>();
  let stopWatching: (() => void) | undefined;
  let due = false;
  const wakeAll = () => {
    for (const wake of listeners) wake();
  };
  return {
    ring() {
      if (due) return;
      due = true;
      queueMicrotask(() => {
        due = false; // transactions are synchronous: by now it has committed or rolled back
        touch(path);
        wakeAll();
      });
    },
    listen(wake) {
      listeners.add(wake);
      stopWatching ??= watchBell(path, db, wakeAll);
      return () => {
        listeners.delete(wake);
        if (listeners.size > 0) return;
        stopWatching?.();
        stopWatching = undefined;
      };
    },
  };
}

function watchBell(path: string, db: Database, wakeAll: () => void): () => void {
  let watcher: FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;
  let version = db.dataVersion();
  const drop = () => {
    watcher?.close();
    watcher = undefined;
  };
  const attach = () => {
    try {
      closeSync(openSync(path, 'a', 0o600));
      watcher = watch(path, kind => {
        if (kind === 'rename') drop(); // the file itself went away: the next look watches its successor
        wakeAll();
      });
      watcher.on('error', drop);
    } catch {
      drop(); // no inotify watch left, or the run folder is gone: looking by itself must do
    }
  };
  const look = () => {
    if (watcher === undefined) attach();
    try {
      const now = db.dataVersion();
      if (now !== version) wakeAll();
      version = now;
    } catch {
      drop(); // the database was closed: listeners meet that error themselves, and give up
      return wakeAll();
    }
    timer = setTimeout(look, watcher === undefined ? pollMs.unwatched : pollMs.watched);
  };
  look();
  return () => {
    clearTimeout(timer);
    drop();
  };
}

function touch(path: string): void {
  try {
    // Never emptied first: ext4 would wait until the line of the last ring is on the disk.
    const file = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600);
    try {
      writeSync(file, '\n');
    } finally {
      closeSync(file);
    }
  } catch {
    // The run folder is gone or read-only: listeners look by themselves.
  }
}
