import { PlimsollError } from '../errors.ts';

/** What stands before the verb. */
export interface Globals {
  /** From `--root`. */
  readonly root?: string;
  /** The verb and all after it. */
  readonly rest: readonly string[];
}

/** Parts the options that every verb shares, which stand before it, from the verb and its own. */
export function parseGlobals(argv: readonly string[]): Globals {
  const [first = '', second] = argv;
  if (first !== '--root' && !first.startsWith('--root=')) return { rest: argv };
  const [root, rest] =
    first === '--root' ? [second ?? '', argv.slice(2)] : [first.slice('--root='.length), argv.slice(1)];
  if (root === '') {
    throw new PlimsollError('invalid-argument', '--root needs a folder', {
      code: 'BAD_OPTION',
      hint: "as in 'plimsoll --root /srv/plimsoll ps'",
    });
  }
  return { ...parseGlobals(rest), root };
}
