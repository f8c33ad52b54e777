import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, messageOf, PlimsollError } from '../../errors.ts';
import { nearMisses } from '../../lib/near-misses.ts';
import type { Cli } from '../cli.ts';

/** A configuration file: what it says, and how to say that it is wrong. */
export interface ConfigFile {
  readonly prices?: unknown;
  readonly alerts?: unknown;
  readonly build_cache?: unknown;
  /** A mapping that has no other keys than these; throws where it is none. */
  mapping(value: unknown, name: string, keys: readonly string[]): Readonly<Record<string, unknown>>;
  /** An error (`CONFIG_INVALID`) of this file, with the line in which a text of it is first written. */
  wrong(what: string, hint: string, where?: string): PlimsollError;
}

const keys = ['prices', 'alerts', 'build_cache'];
const example =
  'write {"prices": {"core_hour": 0.03, "gib_hour": 0.004, "currency": "EUR"}, "alerts": {"rules": ["oom", "memory > 90% for 2m"]}}';

/**
 * The first configuration file that there is: `PLIMSOLL_CONFIG`, `~/.config/plimsoll/config.json`,
 * `/etc/plimsoll/config.json`. Undefined if there is none.
 */
export async function readConfigFile(cli: Pick<Cli, 'env'>): Promise<ConfigFile | undefined> {
  for (const path of placesOf(cli)) {
    const text = await textOf(path, path === cli.env.PLIMSOLL_CONFIG);
    if (text !== undefined) return parseConfig(text, path);
  }
  return undefined;
}

function placesOf({ env }: Pick<Cli, 'env'>): string[] {
  if (env.PLIMSOLL_CONFIG) return [env.PLIMSOLL_CONFIG];
  const own = env.XDG_CONFIG_HOME || (env.HOME && join(env.HOME, '.config'));
  return [...(own ? [join(own, 'plimsoll/config.json')] : []), '/etc/plimsoll/config.json'];
}

async function textOf(path: string, isWanted: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' && !isWanted) return undefined;
    throw notRight(path, 'it cannot be read', { hint: example, cause: error });
  }
}

function parseConfig(text: string, path: string): ConfigFile {
  const wrong: ConfigFile['wrong'] = (what, hint, where) => {
    const at = where === undefined ? -1 : text.indexOf(where);
    const line = at < 0 ? '' : `, line ${text.slice(0, at).split('\n').length}`;
    return notRight(path, what, { hint, line });
  };
  const mapping: ConfigFile['mapping'] = (value, name, known) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw wrong(`${name} is not a mapping of ${known.join(', ')}`, example, name);
    const unknown = Object.keys(value).find(key => !known.includes(key));
    if (unknown === undefined) return value as Readonly<Record<string, unknown>>;
    const near = nearMisses(unknown, known);
    const meant = near.length > 0 ? `; did you mean ${near.join(' or ')}?` : '';
    throw wrong(`${name} knows no "${unknown}"${meant}`, example, JSON.stringify(unknown));
  };
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (error) {
    throw notRight(path, messageOf(error).split('\n')[0] ?? '', { hint: example, cause: error });
  }
  return { ...mapping(config, 'the file', keys), mapping, wrong };
}

function notRight(
  path: string,
  what: string,
  { hint, line = '', cause }: { readonly hint: string; readonly line?: string; readonly cause?: unknown },
): PlimsollError {
  return new PlimsollError('invalid-argument', `"${path}"${line} is not right: ${what}`, {
    ...{ code: 'CONFIG_INVALID', hint },
    ...(cause === undefined ? {} : { cause }),
  });
}
