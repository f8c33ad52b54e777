import {
  findExecutable,
  type RunOptions,
  type RunResult,
  run as runHere,
  runOrThrow as runHereOrThrow,
} from '../../kernel/index.ts';
import { isOpen, userNetwork } from './place.ts';

/** As `run` of the kernel, in the network that bridges are in. In one that is not there is nothing to see or change. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  if (userNetwork !== undefined && !isOpen(userNetwork)) return nothing;
  const [program, ...words] = inNetwork([command, ...args]);
  return await runHere(program, words, options);
}

/** As `runOrThrow` of the kernel, likewise. */
export async function runOrThrow(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  if (userNetwork !== undefined && !isOpen(userNetwork)) return nothing;
  const [program, ...words] = inNetwork([command, ...args]);
  return await runHereOrThrow(program, words, options);
}

const nothing: RunResult = { code: 0, signal: null, stdout: '', stderr: '' };

/** A command line that does the same in the network that bridges are in. */
export function inNetwork([command, ...args]: readonly [string, ...string[]]): [string, ...string[]] {
  if (userNetwork === undefined) return [command, ...args];
  return ['nsenter', `--net=${userNetwork.path}`, '--', findExecutable(command) ?? command, ...args];
}
