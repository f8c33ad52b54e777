import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, PlimsollError } from '../../errors.ts';
import { type JsonReader, readJson } from '../../oci/index.ts';

/** What a person or an administrator decides about registries, in `registries.json`. */
export interface RegistriesConfig {
  /** Where a name without a registry is looked for, in this order. Default: the Docker Hub. */
  readonly search: readonly string[];
  /** By registry: addresses that are asked first when something is pulled from it. */
  readonly mirrors: Readonly<Record<string, readonly string[]>>;
  /** Registries that may be spoken to without TLS, or with a certificate that nobody vouches for. */
  readonly insecure: readonly string[];
}

/**
 * Reads `/etc/plimsoll/registries.json`, then the user's own (in PLIMSOLL_CONFIG, else `~/.config/plimsoll`), whose
 * members take the place of the system's. Throws `invalid-argument` (`BAD_REGISTRIES_CONFIG`).
 */
export function readRegistriesConfig(env: Readonly<Record<string, string | undefined>>): RegistriesConfig {
  const home = env.XDG_CONFIG_HOME ?? (env.HOME === undefined ? undefined : join(env.HOME, '.config'));
  const own = env.PLIMSOLL_CONFIG ?? (home === undefined ? undefined : join(home, 'plimsoll'));
  const folders = ['/etc/plimsoll', ...(own === undefined ? [] : [own])];
  const found = folders.flatMap(folder => readOne(join(folder, 'registries.json')) ?? []);
  return { search: ['docker.io'], mirrors: {}, insecure: [], ...Object.assign({}, ...found) };
}

function readOne(path: string): Partial<RegistriesConfig> | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw bad(path, 'it cannot be read', error);
  }
  try {
    return members(readJson(bytes, `the file "${path}"`), path);
  } catch (error) {
    throw bad(path, 'it is not as it must be', error);
  }
}

function members(json: JsonReader, path: string): Partial<RegistriesConfig> {
  const [search, insecure, mirrors] = [json.texts('search'), json.texts('insecure'), json.object('mirrors')];
  const domains = json.keys('mirrors') ?? [];
  const lists = domains.map(domain => [domain, mirrors?.texts(domain) ?? []] as const);
  for (const address of lists.flatMap(([, list]) => list)) {
    if (URL.parse(address.includes('://') ? address : `https://${address}`) === null) {
      throw bad(path, `"${address}" is no address`, undefined);
    }
  }
  return {
    ...(search === undefined ? {} : { search }),
    ...(insecure === undefined ? {} : { insecure }),
    ...(mirrors === undefined ? {} : { mirrors: Object.fromEntries(lists) }),
  };
}

function bad(path: string, why: string, cause: unknown): PlimsollError {
  if (cause instanceof PlimsollError && cause.code === 'BAD_REGISTRIES_CONFIG') return cause;
  const said = cause instanceof PlimsollError ? cause.message : why;
  return new PlimsollError('invalid-argument', `the file "${path}" cannot be used: ${said}`, {
    code: 'BAD_REGISTRIES_CONFIG',
    hint: 'it looks like {"search": ["docker.io"], "mirrors": {"docker.io": ["https://mirror.example"]}, "insecure": []}',
    cause,
  });
}
