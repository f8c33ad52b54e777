import { isPlimsollError } from '../../errors.ts';
import type { Reference } from '../../oci/index.ts';
import type { FindCredential } from './auth/credential.ts';
import { credentialFinder } from './auth/find-credential.ts';
import { type Endpoint, endpointOf, mirrorsOf } from './endpoints.ts';
import { fetchManifest } from './fetch-manifest.ts';
import { certFolders } from './http/tls-options.ts';
import { createTransport } from './http/transport.ts';
import { listReferrers, listTags, searchRepositories } from './list-registry.ts';
import { hasBlob, pushBlob } from './push-blob.ts';
import { pushManifest } from './push-manifest.ts';
import { readBlob } from './read-blob.ts';
import type { RegistriesConfig } from './registries-config.ts';
import { defaultRetry, type RetryPolicy } from './retry.ts';
import { pullScope, pushScope } from './scopes.ts';
import { createSession, type Session } from './session.ts';
import type { RegistryClient } from './types.ts';

export interface RegistryClientOptions {
  /** For proxies, logins and folders of certificates. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly config: RegistriesConfig;
  /** False: any certificate will do, and none at all. Default true. */
  readonly tlsVerify?: boolean | undefined;
  /** Default: what `env` leads to. */
  readonly credential?: FindCredential | undefined;
  /** Further folders with certificates by host. */
  readonly certFolders?: readonly string[] | undefined;
  readonly retry?: RetryPolicy | undefined;
  readonly connectMs?: number | undefined;
  readonly idleMs?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** A client of all registries; see `RegistryClient`. Opens nothing before it is asked for something. */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const {
    env,
    config,
    tlsVerify = true,
    retry: policy = defaultRetry,
    clock = Date.now,
    connectMs,
    idleMs,
  } = options;
  const transport = createTransport({
    env,
    certFolders: [...(options.certFolders ?? []), ...certFolders(env)],
    verifies: host => tlsVerify && !config.insecure.includes(host),
    ...(connectMs === undefined ? {} : { connectMs }),
    ...(idleMs === undefined ? {} : { idleMs }),
  });
  const find = options.credential ?? credentialFinder(env);
  const sessions = new Map<string, Session>();
  const sessionOf = ({ bases, domain }: Endpoint): Session => {
    const key = `${domain} ${bases.join(' ')}`;
    const known = sessions.get(key);
    if (known !== undefined) return known;
    const credential = (repository?: string) => find(domain, repository);
    const made = createSession({ bases, transport, credential, policy, clock });
    sessions.set(key, made);
    return made;
  };
  const registry = (domain: string) => sessionOf(endpointOf(domain, config, !tlsVerify));
  /** The mirrors of an image, then where it comes from. */
  const sources = ({ domain }: Reference) => [...mirrorsOf(domain, config).map(sessionOf), registry(domain)];

  return {
    manifest: (reference, transfer = {}) =>
      firstOf(sources(reference), session => fetchManifest(session, reference, transfer)),
    blob: async function* (reference, blob, transfer = {}) {
      for (const [place, session] of sources(reference).entries()) {
        const isLast = place === sources(reference).length - 1;
        let any = false;
        // Each place feeds a hash of its own: one that breaks off must not spoil that of the next.
        const hash = transfer.hash === undefined ? {} : { hash: transfer.hash.copy() };
        try {
          for await (const piece of readBlob(session, reference, { blob, policy, ...transfer, ...hash })) {
            any = true;
            yield piece;
          }
          return;
        } catch (error) {
          if (isLast || any || isPlimsollError(error, 'cancelled')) throw error;
        }
      }
    },
    hasBlob: (reference, digest, { toPush = false, ...transfer } = {}) => {
      const scope = (toPush ? pushScope : pullScope)(reference.path);
      return hasBlob(registry(reference.domain), reference, { digest, scope, ...transfer });
    },
    pushBlob: (reference, blob, transfer = {}) =>
      pushBlob(registry(reference.domain), reference, { blob, policy, ...transfer }),
    pushManifest: (reference, manifest, transfer = {}) =>
      pushManifest(registry(reference.domain), reference, { ...manifest, ...transfer }),
    tags: (reference, { limit = 10_000, ...transfer } = {}) =>
      listTags(registry(reference.domain), reference, { limit, ...transfer }),
    referrers: (reference, digest, transfer = {}) =>
      listReferrers(registry(reference.domain), reference, { digest, ...transfer }),
    search: (domain, words, { limit = 25, ...transfer } = {}) =>
      searchRepositories(registry(domain), domain, { words, limit, ...transfer }),
    checkLogin: (domain, { signal } = {}) => registry(domain).checkLogin(signal),
    [Symbol.dispose]: () => transport[Symbol.dispose](),
  };
}

/** What the first place gives that has it; the error of the last one, which is where it comes from. */
async function firstOf<T>(sessions: readonly Session[], ask: (session: Session) => Promise<T>): Promise<T> {
  for (const session of sessions.slice(0, -1)) {
    try {
      return await ask(session);
    } catch (error) {
      if (isPlimsollError(error, 'cancelled')) throw error;
    }
  }
  const last = sessions.at(-1);
  if (last === undefined) throw new TypeError('an image comes from some registry');
  return await ask(last);
}
