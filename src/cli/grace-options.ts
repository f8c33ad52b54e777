import { type Command, Option } from 'commander';
import type { StopOptions } from '../engine/index.ts';
import { parseCount } from './parse/parse-limits.ts';

/** The options of `stop` and `restart`, as typed. */
export interface GraceOptions {
  readonly signal?: string;
  readonly timeout?: string;
  readonly time?: string;
}

/** Adds the options of how to stop. */
export function graceOptions(command: Command): Command {
  return command
    .option('-s, --signal <signal>', "Signal that asks it to stop (default: the container's own)")
    .option(
      '-t, --timeout <seconds>',
      "Patience before SIGKILL, -1: without end (default: the container's own, else 10)",
    )
    .addOption(new Option('--time <seconds>', 'The same as --timeout').hideHelp());
}

/** The same as the engine takes them; only what was given is there. */
export function graceOf({ signal, timeout, time }: GraceOptions): Omit<StopOptions, 'signal'> {
  const seconds = timeout ?? time;
  return {
    ...(signal === undefined ? {} : { stopSignal: signal }),
    ...(seconds === undefined ? {} : { timeoutSeconds: secondsOf(seconds) }),
  };
}

function secondsOf(text: string): number {
  return text === '-1' ? -1 : parseCount(text, 'a number of seconds', 0);
}
