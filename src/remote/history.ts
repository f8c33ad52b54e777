import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createHistoryService, type Engine } from '../engine/index.ts';
import { shortSha256 } from '../lib/short-sha256.ts';
import type { Mirror } from './mirror.ts';

/** Most bytes that is kept of one engine. */
const budgetBytes = 64 * 1024 ** 2;

/**
 * An engine elsewhere keeps no history of what it used: who looks at it does. What dashboards and `record` have seen of it
 * is written down here, in `$XDG_STATE_HOME/plimsoll/engines/`, a folder for each address and host name, with the same
 * tiers as our own engine's; times in which nobody looked are gaps.
 */
export function createHistory(mirror: Mirror, address: string): Engine['history'] & Disposable {
  const name = mirror.info().text('Name') ?? '';
  const folder = join(stateFolder(process.env), 'engines', shortSha256(`${name}\n${address}`));
  const history = createHistoryService({
    root: { dataDir: folder, runDir: folder },
    clock: Date.now,
    budgetBytes,
  });
  return {
    record(options = {}) {
      try {
        mkdirSync(join(folder, 'locks'), { recursive: true, mode: 0o700 });
        writeFileSync(join(folder, 'engine'), `${address} ${name}\n`); // for people
      } catch (error) {
        options.report?.(error);
        return { writes: false, add() {}, async [Symbol.asyncDispose]() {} };
      }
      return history.record(options);
    },
    usage: (window, id) => history.usage(window, id),
    chart: (id, window, points) => history.chart(id, window, points),
    [Symbol.dispose]: () => history[Symbol.dispose](),
  };
}

function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state'), 'plimsoll');
}
