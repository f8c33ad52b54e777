import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import type { Root } from '../store/index.ts';

/** Wakes those who wait for runs to end. */
export interface ExitWatch extends Disposable {
  /**
   * Calls `wake` when the monitor of this container has written its exit code, and each second in case a notification
   * was lost. Returns the way to stop that. Holds the process while it lasts, unless `weak`.
   */
  listen(id: string, wake: () => void, options?: { weak?: boolean }): () => void;
}

/** One watch (inotify) of the root's exit folder for all listeners; none, and no timer, without a listener. */
export function createExitWatch(root: Root): ExitWatch {
  const folder = join(root.runDir, 'exits');
  const listeners = new Map<symbol, { id: string; wake: () => void; weak: boolean }>();
  let watcher: FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;

  const wakeAll = (id?: string) => {
    for (const listener of [...listeners.values()])
      if (id === undefined || listener.id === id) listener.wake();
  };
  const open = () => {
    try {
      watcher = watch(folder, (_, name) => wakeAll(name ?? undefined)).on('error', close);
    } catch {
      watcher = undefined; // out of watches: the timer alone has to do
    }
    timer = setInterval(wakeAll, watcher === undefined ? 100 : 1000);
  };
  function close() {
    watcher?.close();
    clearInterval(timer);
    watcher = undefined;
    timer = undefined;
  }
  const adjust = () => {
    if (listeners.size === 0) return close();
    if (timer === undefined) open();
    const strong = [...listeners.values()].some(({ weak }) => !weak);
    if (strong) {
      watcher?.ref();
      timer?.ref();
    } else {
      watcher?.unref();
      timer?.unref();
    }
  };
  return {
    listen(id, wake, { weak = false } = {}) {
      const key = Symbol(id);
      listeners.set(key, { id, wake, weak });
      adjust();
      return () => {
        listeners.delete(key);
        adjust();
      };
    },
    [Symbol.dispose]() {
      listeners.clear();
      close();
    },
  };
}
