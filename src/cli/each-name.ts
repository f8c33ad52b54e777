import type { Engine } from '../engine/index.ts';
import { isPlimsollError } from '../errors.ts';
import { cleanText } from '../lib/clean-text.ts';
import type { Cli } from './cli.ts';
import { reportError } from './report-error.ts';

/**
 * Does the same to every named object, all at once, and prints each name that succeeded (or the string that `act` resolves with,
 * nothing for null), in the order given. One failure is reported and makes the exit code 1, but does not keep the others from it.
 */
export async function eachName(
  cli: Cli,
  names: readonly string[],
  act: (engine: Engine, name: string) => Promise<unknown>,
): Promise<void> {
  const engine = await cli.engine();
  const outcomes = await Promise.allSettled(names.map(async name => await act(engine, name)));
  outcomes.forEach((outcome, i) => {
    if (outcome.status === 'fulfilled') {
      if (outcome.value === null) return;
      cli.stdout.write(
        `${cleanText(typeof outcome.value === 'string' ? outcome.value : (names[i] ?? ''), { multiline: true })}\n`,
      );
    } else if (cli.signal.aborted && isPlimsollError(outcome.reason, 'cancelled')) {
      cli.setExitCode(130);
    } else {
      reportError(outcome.reason, cli);
      cli.setExitCode(1);
    }
  });
}
