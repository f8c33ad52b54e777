import type { EngineChoice } from '../contexts/index.ts';
import { PlimsollError } from '../errors.ts';

/** What stands before the verb. */
export interface Globals extends EngineChoice {
  /** From `--root`. */
  readonly root?: string;
  /** Folder of docker's client: logins and contexts. */
  readonly config?: string;
  readonly debug?: boolean;
  /** Of docker's client; `debug` is what `--debug` says. */
  readonly logLevel?: string;
  /** The verb and all after it. */
  readonly rest: readonly string[];
}

/** Options with a value, by their names; and what their value is, for who leaves it out. */
const valued = {
  '--root': ['root', 'a folder', 'plimsoll --root /srv/plimsoll ps'],
  '--host': ['host', 'an address', 'plimsoll --host ssh://ship ps'],
  '-H': ['host', 'an address', 'plimsoll -H unix:///var/run/docker.sock ps'],
  '--context': ['context', 'a name', 'plimsoll --context ship ps'],
  '-c': ['context', 'a name', 'plimsoll -c ship ps'],
  '--tlscacert': ['tlsCaCert', 'a file', 'plimsoll --tlscacert ca.pem -H tcp://ship:2376 ps'],
  '--tlscert': ['tlsCert', 'a file', 'plimsoll --tlscert cert.pem -H tcp://ship:2376 ps'],
  '--tlskey': ['tlsKey', 'a file', 'plimsoll --tlskey key.pem -H tcp://ship:2376 ps'],
  '--config': ['config', 'a folder', 'plimsoll --config ~/.docker context ls'],
  '--log-level': ['logLevel', 'a level', 'plimsoll --log-level debug ps'],
  '-l': ['logLevel', 'a level', 'plimsoll -l debug ps'],
} as const satisfies Record<string, readonly [keyof Globals, string, string]>;

const flags: Readonly<Record<string, 'tls' | 'tlsVerify' | 'debug'>> = {
  '--tls': 'tls',
  '--tlsverify': 'tlsVerify',
  '--debug': 'debug',
  '-D': 'debug',
};

/** Parts the options that every verb shares, which stand before it, from the verb and its own. */
export function parseGlobals(argv: readonly string[]): Globals {
  const [first = '', second] = argv;
  const [, flagged = first, given] = /^(.*?)=(true|false)$/.exec(first) ?? [];
  const flag = flags[flagged];
  if (flag !== undefined) return { ...parseGlobals(argv.slice(1)), [flag]: given !== 'false' };
  const [, option = '', inline] = /^(--?[\w-]+)(?:=(.*))?$/s.exec(first) ?? [];
  if (!(option in valued)) return { rest: argv };
  const [name, what, example] = valued[option as keyof typeof valued];
  const [value, rest] = inline === undefined ? [second ?? '', argv.slice(2)] : [inline, argv.slice(1)];
  if (value === '') {
    throw new PlimsollError('invalid-argument', `${option} needs ${what}`, {
      code: 'BAD_OPTION',
      hint: `as in '${example}'`,
    });
  }
  return { ...parseGlobals(rest), [name]: value };
}

/**
 * Completion scripts ask with the line as it stands: options that stand before its verb are moved before ours, where they
 * choose the engine whose names are offered. One that is not complete yet is left.
 */
export function liftGlobals(argv: readonly string[]): readonly string[] {
  if (argv[0] !== '__complete') return argv;
  const words = argv.slice(argv[1] === '--' ? 2 : 1);
  try {
    const { rest } = parseGlobals(words.slice(0, -1));
    const before = words.slice(0, words.length - 1 - rest.length);
    return [...before, '__complete', '--', ...rest, ...words.slice(-1)];
  } catch {
    return argv;
  }
}
