import { caller } from '../kernel/index.ts';

/** What a user can do about a full disk. */
export const freeSpace =
  "free some space, for instance with 'plimsoll image prune' or 'plimsoll builder prune', and build again";

/** What to do about a command of RUN that failed, by its exit code (a shell's, POSIX 2.8.2) and its last lines. */
export function commandHint({
  output,
  exitCode,
  args,
}: {
  readonly output: string;
  readonly exitCode: number;
  readonly args: readonly string[];
}): string {
  if (/No space left on device/.test(output)) return freeSpace;
  if (caller().oneUser && /Invalid argument/.test(output))
    return "there is nobody but root, as you have no sub-ids to give away: 'plimsoll doctor' says how to get some";
  if (args[1] === '-c' && /^\s*\[\s*(["'])[^"']*\1\s*,/.test(args[2] ?? ''))
    return 'it begins with "[" and is no list of JSON, so that a shell ran it: JSON wants double quotes around each word, and commas between them';
  if (exitCode === 127) {
    const name = /(?:^|: )([\w./+-]+): (?:command )?not found\s*$/m.exec(output)?.[1];
    const what = name === undefined ? 'a command of it is' : `"${name}" is`;
    return `${what} not in the image, or not in its PATH: install it in a step before, or mind its spelling`;
  }
  if (exitCode === 126)
    return 'a file is there and cannot be run: give it the right to (COPY --chmod=755), and mind its first line and the processor that it is for';
  if (exitCode === 137)
    return 'it was killed (SIGKILL): mostly because memory ran out, of the machine or by --memory';
  return output === '' ? 'the command wrote nothing' : 'its last lines of output say why';
}
