import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { adopt, identify, isAlive, start } from '../kernel/index.ts';
import type { Root } from '../store/index.ts';

/** The wait after which an unused bridge is taken away. */
export interface IdleBridge {
  /** Sees that a wait is under way; it outlives this process. */
  begin(): void;
  isPending(): boolean;
}

/** Long enough for one container after another, short enough that nobody finds a bridge of no use. */
const seconds = 10;

/**
 * Raising a bridge and its table costs as much as starting a container, and most often the next one comes soon. So a
 * shell of its own (0.7 MB) sleeps, and then runs `lower`: a command line that takes the bridge away if it is still unused.
 */
export function createIdleBridge(root: Pick<Root, 'id' | 'runDir'>, lower: readonly string[]): IdleBridge {
  const file = join(root.runDir, 'bridge-idle');
  const isPending = () => isWaiting(file);
  return {
    isPending,
    begin() {
      if (isPending()) return;
      const script = 'sleep "$1"; shift; exec "$@"';
      const waiting = start('/bin/sh', ['-c', script, 'sh', String(seconds), ...lower], {
        cwd: '/',
        detached: true,
        stdio: 'ignore',
      });
      waiting.on('error', () => {}); // then the bridge stays until the next container has left
      waiting.unref();
      const identity = waiting.pid === undefined ? undefined : identify(waiting.pid);
      if (identity === undefined) return;
      void adopt(root.id, identity.pid);
      writeFileSync(file, `${identity.pid} ${identity.startTime}\n`);
    },
  };
}

function isWaiting(file: string): boolean {
  try {
    const [pid = 0, startTime = 0] = readFileSync(file, 'utf8').split(' ').map(Number);
    return isAlive({ pid, startTime });
  } catch {
    return false;
  }
}
