import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Root } from '../store/index.ts';
import type { GitAccess } from './copy/index.ts';
import { type RunSettings, secretValues, sshAgents } from './solve/index.ts';
import type { BuildRequest } from './types.ts';

/** What the caller lends to a build, for its commands and for git; given back when this is disposed of. */
export interface BuildAccess extends AsyncDisposable {
  readonly settings: RunSettings;
  readonly git: GitAccess;
}

type Lending = Pick<
  BuildRequest,
  'secrets' | 'ssh' | 'limits' | 'ulimits' | 'shmBytes' | 'cgroupParent' | 'isolation' | 'signal'
>;

/** Makes ready what a request lends; nothing is read or started before it is asked for. */
export function buildAccess(id: string, root: Root, request: Lending): BuildAccess {
  const secrets = secretValues(request.secrets ?? {});
  const folder = join(root.runDir, 'builds', `${id}-agents`);
  const agents = sshAgents(request.ssh ?? {}, async () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  });
  const { limits = {}, ulimits = [], shmBytes, cgroupParent, isolation } = request;
  return {
    settings: {
      ...{ secrets, agents, limits, ulimits },
      ...(shmBytes === undefined ? {} : { shmBytes }),
      ...(cgroupParent === undefined ? {} : { cgroupParent }),
      ...(isolation === undefined ? {} : { isolation }),
    },
    git: {
      agent: () => agents.socket('default', request.signal),
      authorization: host => authorizationFor(host, name => secrets.get(name)?.toString('utf8').trim()),
    },
    [Symbol.asyncDispose]: async () => {
      await agents[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * The secrets by which BuildKit gives git access to a host: GIT_AUTH_HEADER is the header whole, GIT_AUTH_TOKEN a token
 * (docs.docker.com/build/building/secrets, "Git authentication"); with `.HOST` behind for one host.
 */
export function authorizationFor(
  host: string,
  secret: (name: string) => string | undefined,
): string | undefined {
  const header = secret(`GIT_AUTH_HEADER.${host}`) ?? secret('GIT_AUTH_HEADER');
  if (header !== undefined) return header;
  const token = secret(`GIT_AUTH_TOKEN.${host}`) ?? secret('GIT_AUTH_TOKEN');
  if (token === undefined) return undefined;
  return `basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
}
