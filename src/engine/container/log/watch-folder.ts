import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';

/** Wakes whoever waits for something to happen in a file's folder. */
export interface FolderWatch extends Disposable {
  /** Resolves at the next change since the last call, when the signal fires, or after half a second. */
  change(signal?: AbortSignal): Promise<void>;
}

const safetyNetMs = 500;

/** Watches the folder of `path` (inotify): rotation replaces the file itself, so the file is the wrong thing to watch. */
export function watchFolder(path: string): FolderWatch {
  let changed = false;
  let wake = () => {};
  const watcher = tryWatch(dirname(path), () => {
    changed = true;
    wake();
  });
  return {
    change: async signal => {
      if (!changed && !signal?.aborted) {
        await new Promise<void>(resolve => {
          const timer = setTimeout(resolve, safetyNetMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          signal?.addEventListener('abort', wake, { once: true });
        });
        signal?.removeEventListener('abort', wake);
      }
      changed = false;
    },
    [Symbol.dispose]: () => watcher?.close(),
  };
}

/** No watcher (too many of them, a folder that is gone) only costs time: the caller looks again by itself. */
function tryWatch(folder: string, onChange: () => void): FSWatcher | undefined {
  try {
    return watch(folder, onChange).on('error', () => {});
  } catch {
    return undefined;
  }
}
