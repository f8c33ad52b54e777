import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { errnoOf, PlimsollError } from '../../errors.ts';
import { badOption } from './bad-option.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** `--env` values: `NAME=value` stays, a bare `NAME` takes the caller's value, and is left out if there is none. */
export function parseEnv(values: readonly string[], env: Env): string[] {
  return values.flatMap(value => {
    const name = value.split('=', 1)[0] ?? '';
    if (name === '') throw badOption(`"${value}" names no variable`, 'write --env NAME=value');
    if (value.includes('=')) return [value];
    const own = env[name];
    return own === undefined ? [] : [`${name}=${own}`];
  });
}

/** The lines of an env file (docker's format: `#` begins a comment line, blanks before a name are dropped). */
export function parseEnvFile(text: string, env: Env): string[] {
  const lines = text.split(/\r?\n/).map(line => line.trimStart());
  const wanted = lines.filter(line => line !== '' && !line.startsWith('#'));
  const bad = wanted.find(line => /\s/.test(line.split('=', 1)[0] ?? ''));
  if (bad !== undefined)
    throw badOption(`the env file has a name with a blank in "${bad}"`, 'write NAME=value');
  return parseEnv(wanted, env);
}

/** Reads the files of `--env-file` (or `--label-file`). */
export function readPairFiles(
  paths: readonly string[],
  { env, cwd }: { readonly env: Env; readonly cwd: string },
): string[] {
  return paths.flatMap(path => {
    try {
      return parseEnvFile(readFileSync(resolve(cwd, path), 'utf8'), env);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      throw new PlimsollError('invalid-argument', `cannot read the file "${path}" (${errno})`, {
        code: 'UNREADABLE_FILE',
        hint: 'check its path and permissions',
      });
    }
  });
}

/** `name=value` pairs as an object; a bare `name` has an empty value; later ones win. */
export function parsePairs(values: readonly string[], option: string): Record<string, string> {
  return Object.fromEntries(
    values.map(value => {
      const at = value.indexOf('=');
      const name = at < 0 ? value : value.slice(0, at);
      if (name === '') throw badOption(`"${value}" names nothing`, `write ${option} NAME=value`);
      return [name, at < 0 ? '' : value.slice(at + 1)];
    }),
  );
}

/** Build arguments: as pairs, but a bare `NAME` takes the caller's value, and is left out if there is none. */
export function parseBuildArgs(values: readonly string[], env: Env): Record<string, string> {
  return parsePairs(parseEnv(values, env), '--build-arg');
}
