import { messageOf } from '../../errors.ts';
import { cleanText } from '../../lib/clean-text.ts';

/** Tells on standard error that the dashboard ended by a fault of its own; with PLIMSOLL_DEBUG, also where. */
export function sayBug(error: unknown, env: NodeJS.ProcessEnv): void {
  process.stderr.write(`plimsoll: the dashboard stopped: ${cleanText(messageOf(error))}\n`);
  if (env.PLIMSOLL_DEBUG) process.stderr.write(`${error instanceof Error ? error.stack : ''}\n`);
}
