import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PlimsollError } from '../errors.ts';
import { currentContext, defaultContext, readContext, readContextTls } from './context-store.ts';
import type { ContextTls, EngineTarget, Env } from './types.ts';

/** What a command line says of the engine that is meant. */
export interface EngineChoice {
  readonly host?: string;
  readonly context?: string;
  /** A root of our own was named: then the engine is ours. */
  readonly root?: string;
  readonly tls?: boolean;
  readonly tlsVerify?: boolean;
  readonly tlsCaCert?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

/**
 * Which engine is meant; undefined: our own, in this process. Best first: `--host`, `--context`, `--root`, PLIMSOLL_HOST,
 * for verbs (`follows` docker's variables) DOCKER_HOST and DOCKER_CONTEXT, and what `plimsoll context use` chose. The
 * dashboard does not follow docker's variables: it is the face of this machine until it is told otherwise.
 */
export function chooseEngine(
  choice: EngineChoice,
  env: Env,
  { follows }: { readonly follows: boolean },
): EngineTarget | undefined {
  if (choice.host !== undefined && choice.context !== undefined)
    throw new PlimsollError('invalid-argument', '--host and --context exclude one another', {
      code: 'BAD_OPTION',
      hint: 'leave one of them out',
    });
  if (choice.host !== undefined) return atHost(choice.host, '--host', choice, env);
  if (choice.context !== undefined) return byContext(choice.context, env);
  if (choice.root !== undefined) return undefined;
  if (env.PLIMSOLL_HOST) return atHost(env.PLIMSOLL_HOST, 'PLIMSOLL_HOST', choice, env);
  if (follows && env.DOCKER_HOST) return atHost(env.DOCKER_HOST, 'DOCKER_HOST', choice, env);
  if (follows && env.DOCKER_CONTEXT) return byContext(env.DOCKER_CONTEXT, env);
  return byContext(currentContext(env), env);
}

function byContext(name: string, env: Env): EngineTarget | undefined {
  if (name === defaultContext) return undefined;
  const context = readContext(env, name);
  const tls = readContextTls(env, context);
  return { address: context.host, chosenBy: `context ${name}`, ...(tls === undefined ? {} : { tls }) };
}

function atHost(address: string, chosenBy: string, choice: EngineChoice, env: Env): EngineTarget {
  const tls = /^(tcp|https?):/.test(address) ? readTls(choice, env) : undefined;
  return { address, chosenBy, ...(tls === undefined ? {} : { tls }) };
}

/** As docker's client has it: files that are named, else those of DOCKER_CERT_PATH or `~/.docker` that are there. */
export function readTls(choice: EngineChoice, env: Env): ContextTls | undefined {
  const { tls, tlsVerify, tlsCaCert, tlsCert, tlsKey } = choice;
  const verify = tlsVerify ?? Boolean(env.DOCKER_TLS_VERIFY);
  const named = tlsCaCert !== undefined || tlsCert !== undefined || tlsKey !== undefined;
  if (!verify && tls !== true && !named) return undefined;
  const folder = env.DOCKER_CERT_PATH || join(env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker'));
  const read = (given: string | undefined, usual: string) => {
    const file = given ?? join(folder, usual);
    return given === undefined && !existsSync(file) ? undefined : readPem(file);
  };
  const [ca, cert, key] = [read(tlsCaCert, 'ca.pem'), read(tlsCert, 'cert.pem'), read(tlsKey, 'key.pem')];
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(verify || tlsCaCert !== undefined ? {} : { skipVerify: true }),
  };
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new PlimsollError('not-found', `the certificate "${file}" cannot be read`, {
      code: 'CERTIFICATE_NOT_FOUND',
      hint: 'name the file with --tlscacert, --tlscert and --tlskey',
      cause: error,
    });
  }
}
