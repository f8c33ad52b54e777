import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { PlimsollError } from '../errors.ts';
import type { ContextTls, Env, StoredContext } from './types.ts';

/** The context that is always there: the engine of this machine, in this process. */
export const defaultContext = 'default';

/**
 * Docker's contexts: names for ways to engines, kept where docker's client keeps them (docker/cli, cli/context/store), so
 * that each sees the other's: `contexts/meta/SHA256/meta.json` and `contexts/tls/SHA256/docker/*.pem` in DOCKER_CONFIG,
 * else `~/.docker`.
 */
export function listContexts(env: Env): StoredContext[] {
  const folder = join(storeFolder(env), 'meta');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap(id => readMeta(join(folder, id, 'meta.json')) ?? [])
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** One context by name. Throws `not-found` (`CONTEXT_NOT_FOUND`). */
export function readContext(env: Env, name: string): StoredContext {
  const found = readMeta(join(storeFolder(env), 'meta', idOf(name), 'meta.json'));
  if (found !== undefined) return found;
  const others = listContexts(env).map(each => each.name);
  throw new PlimsollError('not-found', `there is no context "${name}"`, {
    code: 'CONTEXT_NOT_FOUND',
    hint: others.length === 0 ? "make one with 'plimsoll context create'" : `there are ${others.join(', ')}`,
  });
}

/** The certificates of a context; undefined where it has none. */
export function readContextTls(env: Env, { name, skipVerify }: StoredContext): ContextTls | undefined {
  const folder = join(storeFolder(env), 'tls', idOf(name), 'docker');
  const read = (file: string) =>
    existsSync(join(folder, file)) ? readFileSync(join(folder, file)) : undefined;
  const [ca, cert, key] = [read('ca.pem'), read('cert.pem'), read('key.pem')];
  if (ca === undefined && cert === undefined && !skipVerify) return undefined;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(skipVerify ? { skipVerify } : {}),
  };
}

/** Keeps a new context. Throws `invalid-argument` (`BAD_CONTEXT`), `conflict` (`CONTEXT_EXISTS`). */
export function createContext(env: Env, context: StoredContext, tls: ContextTls | undefined): void {
  const { name } = context;
  if (!/^[a-zA-Z0-9][\w.+-]+$/.test(name) || name === defaultContext)
    throw new PlimsollError('invalid-argument', `"${name}" is no name for a context`, {
      code: 'BAD_CONTEXT',
      hint: 'use letters, digits and _ . + -, two at least; "default" is the engine of this machine',
    });
  const meta = join(storeFolder(env), 'meta', idOf(name));
  if (existsSync(join(meta, 'meta.json')))
    throw new PlimsollError('conflict', `there is a context "${name}" already`, {
      code: 'CONTEXT_EXISTS',
      hint: `'plimsoll context rm ${name}' takes it away`,
    });
  if (tls !== undefined) {
    const folder = join(storeFolder(env), 'tls', idOf(name), 'docker');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const part of ['ca', 'cert', 'key'] as const) {
      const pem = tls[part];
      if (pem !== undefined) writeFileSync(join(folder, `${part}.pem`), pem, { mode: 0o600 });
    }
  }
  mkdirSync(meta, { recursive: true, mode: 0o755 });
  writeWhole(join(meta, 'meta.json'), JSON.stringify(contextJson(context)));
}

/** A context as docker writes it. */
export function contextJson({ name, description, host, skipVerify }: StoredContext): object {
  return {
    Name: name,
    Metadata: description === '' ? {} : { Description: description },
    Endpoints: { docker: { Host: host, SkipTLSVerify: skipVerify } },
  };
}

/** Reads what `contextJson` or docker wrote; undefined if it is none. */
export function parseContext(text: string): StoredContext | undefined {
  try {
    const json = JSON.parse(text) as {
      Name?: string;
      Metadata?: { Description?: string };
      Endpoints?: { docker?: { Host?: string; SkipTLSVerify?: boolean } };
    };
    return {
      name: json.Name ?? '',
      description: json.Metadata?.Description ?? '',
      host: json.Endpoints?.docker?.Host ?? '',
      skipVerify: json.Endpoints?.docker?.SkipTLSVerify ?? false,
    };
  } catch {
    return undefined;
  }
}

/** Forgets a context with its certificates, and that it is the current one. Throws `not-found`. */
export function removeContext(env: Env, name: string): void {
  readContext(env, name);
  for (const kind of ['meta', 'tls'])
    rmSync(join(storeFolder(env), kind, idOf(name)), { recursive: true, force: true });
  if (currentContext(env) === name) chooseContext(env, defaultContext);
}

/**
 * The context that `plimsoll context use` chose. It is ours alone: docker's own choice says nothing of which engine a
 * person wants to see here, and ours does not send docker's client elsewhere.
 */
export function currentContext(env: Env): string {
  try {
    return readFileSync(currentFile(env), 'utf8').trim() || defaultContext;
  } catch {
    return defaultContext;
  }
}

/** Chooses the context of further calls. Throws `not-found`. */
export function chooseContext(env: Env, name: string): void {
  const file = currentFile(env);
  if (name === defaultContext) rmSync(file, { force: true });
  else {
    readContext(env, name);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeWhole(file, `${name}\n`);
  }
}

function readMeta(file: string): StoredContext | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const context = parseContext(text);
  if (context !== undefined) return context;
  throw new PlimsollError('invalid-argument', `the context in "${file}" cannot be understood`, {
    code: 'BAD_CONTEXT',
    hint: 'take the folder away, and make the context anew',
  });
}

function writeWhole(file: string, text: string): void {
  const draft = `${file}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, text, { mode: 0o644 });
  chmodSync(draft, 0o644);
  renameSync(draft, file);
}

function storeFolder(env: Env): string {
  return join(env.DOCKER_CONFIG || join(homeOf(env), '.docker'), 'contexts');
}

function currentFile(env: Env): string {
  return join(env.XDG_CONFIG_HOME || join(homeOf(env), '.config'), 'plimsoll', 'context');
}

function homeOf(env: Env): string {
  return env.HOME || homedir();
}

function idOf(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}
