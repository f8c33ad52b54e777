import { errnoOf, isPlimsollError } from '../errors.ts';

/**
 * The exit code for a failed command, as docker's: of `run` (and `create`, `start`, `exec`, which start processes) 127
 * for a command that is not there, 126 for one that cannot be executed; 125 for other failures of `run` and for options
 * that are not there or lack a value or have none of their choices, 1 for others; 130 after Ctrl-C.
 */
export function exitCodeOf(error: unknown, verb: string): number {
  if (isPlimsollError(error, 'cancelled') || errnoOf(error) === 'ABORT_ERR') return 130;
  if (isPlimsollError(error) && starters.has(verb)) {
    if (error.code === 'COMMAND_NOT_FOUND') return 127;
    if (error.code === 'COMMAND_NOT_EXECUTABLE') return 126;
  }
  if (isPlimsollError(error) && error.code === 'OPTION_REFUSED') return 125;
  if (isPlimsollError(error) && error.code === 'BAD_USAGE') return 1;
  return verb === 'run' ? 125 : 1;
}

const starters = new Set(['run', 'start', 'exec']);
