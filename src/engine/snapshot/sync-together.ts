import { closeSync, openSync } from 'node:fs';
import { preloadNative } from '../kernel/index.ts';

const waiting = new Map<string, { running: Promise<void>; next: Promise<void> | undefined }>();

/**
 * Resolves when all that was written to a folder's filesystem before this call is on its disk. One call for all files: an
 * fsync for each would take minutes. And one for all that wait for it, since it writes out what everybody has written:
 * whoever comes while one runs shares the one after it.
 */
export async function syncTogether(folder: string): Promise<void> {
  const turn = waiting.get(folder);
  if (turn === undefined) {
    const running = sync(folder).finally(() => {
      if (waiting.get(folder)?.running === running) waiting.delete(folder);
    });
    waiting.set(folder, { running, next: undefined });
    return await running;
  }
  turn.next ??= turn.running.catch(() => {}).then(() => syncTogether(folder));
  return await turn.next;
}

async function sync(folder: string): Promise<void> {
  const opened = openSync(folder, 'r');
  try {
    await (await preloadNative()).syncfs(opened);
  } finally {
    closeSync(opened);
  }
}
