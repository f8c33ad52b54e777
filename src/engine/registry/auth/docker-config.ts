import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf, PlimsollError } from '../../../errors.ts';
import { writeFileAtomic } from '../../kernel/index.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Docker's `config.json`, as far as it is about registries. Other fields are kept when it is written. */
export interface DockerConfig {
  readonly auths?: Readonly<Record<string, AuthEntry>>;
  /** Helper for all registries. */
  readonly credsStore?: string;
  /** Helpers by registry. */
  readonly credHelpers?: Readonly<Record<string, string>>;
}

interface AuthEntry {
  /** Base64 of `user:password`. */
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

/** The file that logins are written to: in PLIMSOLL_CONFIG, else in DOCKER_CONFIG, else `~/.docker/config.json`. */
export function dockerConfigPath(env: Env): string {
  const folder = env.PLIMSOLL_CONFIG ?? env.DOCKER_CONFIG ?? join(env.HOME ?? '/root', '.docker');
  return join(folder, 'config.json');
}

/** Further files that logins are read from: podman's. */
export function otherAuthFiles(env: Env): string[] {
  if (env.PLIMSOLL_CONFIG !== undefined || env.DOCKER_CONFIG !== undefined) return [];
  if (env.REGISTRY_AUTH_FILE !== undefined) return [env.REGISTRY_AUTH_FILE];
  const folder = env.XDG_RUNTIME_DIR ?? (env.HOME === undefined ? undefined : join(env.HOME, '.config'));
  return folder === undefined ? [] : [join(folder, 'containers/auth.json')];
}

/** Reads such a file; a missing one is empty. Throws `invalid-argument` (`BAD_DOCKER_CONFIG`). */
export function readDockerConfig(path: string): DockerConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return {};
    throw unreadable(path, 'cannot be read', error);
  }
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unreadable(path, 'is not JSON', error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw unreadable(path, 'is not a JSON object', undefined);
  }
  return value as DockerConfig;
}

/** Replaces the file, readable by its owner only. A link to it stays a link. */
export function writeDockerConfig(path: string, config: DockerConfig): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const target = existsSync(path) ? realpathSync(path) : path;
  writeFileAtomic(target, `${JSON.stringify(config, undefined, '\t')}\n`, 0o600);
  chmodSync(target, 0o600); // whatever the umask
}

function unreadable(path: string, why: string, cause: unknown): PlimsollError {
  return new PlimsollError('invalid-argument', `the file "${path}" with logins of registries ${why}`, {
    code: 'BAD_DOCKER_CONFIG',
    hint: 'mend it or move it away, then log in again',
    cause,
  });
}
