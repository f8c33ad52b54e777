import type { Credential } from './auth/credential.ts';
import type { RegistryClientOptions } from './create-registry-client.ts';
import type { RegistriesConfig } from './registries-config.ts';
import type { FoundRepository, RegistryClient, RemoteManifest } from './types.ts';

/** How one operation reaches registries, as a user asks for it. */
export interface RegistryAccess {
  /** False: any certificate will do, and none at all. Default true. */
  readonly tlsVerify?: boolean;
  /** A further folder with certificates by registry. */
  readonly certDir?: string;
  /** In place of what is kept for the registry. */
  readonly account?: { readonly username: string; readonly password: string };
}

export interface LoginRequest extends RegistryAccess {
  /** `docker.io`, `registry.example:5000`. */
  readonly registry: string;
  readonly username: string;
  readonly password: string;
  readonly signal?: AbortSignal;
}

/** Logins at registries, and what can be found there. */
export interface RegistryService {
  /**
   * Proves a login to its registry, then keeps it where docker does: with the credential helper that is configured, else
   * in `config.json`. Says where. Throws `unauthenticated` if the registry does not accept it; then nothing is kept.
   */
  login(request: LoginRequest): Promise<{ readonly helper?: string; readonly file?: string }>;
  /** Proves a login to its registry, and keeps it nowhere. Throws `unauthenticated`. */
  checkLogin(request: LoginRequest): Promise<void>;
  /** Forgets what is kept for a registry; false if nothing was. */
  logout(registry: string): Promise<boolean>;
  /** Repositories with these words at a registry, by default the first of the search list. */
  search(
    words: string,
    options?: RegistryAccess & { registry?: string; limit?: number; signal?: AbortSignal },
  ): Promise<FoundRepository[]>;
  /** What a name stands for at its registry; one without a registry is looked for along the search list. */
  inspect(name: string, options?: RegistryAccess & { signal?: AbortSignal }): Promise<RemoteManifest>;
}

/** What the rest of the engine asks of registries, beside what a host may. */
export interface Registries extends RegistryService {
  /** A client for one operation; dispose of it at its end. */
  client(access?: RegistryAccess): Promise<RegistryClient>;
  config(): Promise<RegistriesConfig>;
}

export interface RegistriesOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** In place of what clients do by themselves: for tests, that do not wait. */
  readonly client?: Partial<RegistryClientOptions>;
}

/** Registries as this user reaches them. Loads nothing of the network before it is asked for. */
export function createRegistryService({ env, client: fixed = {} }: RegistriesOptions): Registries {
  const config = async () => (await import('./registries-config.ts')).readRegistriesConfig(env);
  const clientWith = async (access: RegistryAccess, options: Partial<RegistryClientOptions> = {}) => {
    const { createRegistryClient } = await import('./create-registry-client.ts');
    const { account } = access;
    const certFolders = access.certDir === undefined ? {} : { certFolders: [access.certDir] };
    return createRegistryClient({
      env,
      config: await config(),
      tlsVerify: access.tlsVerify,
      ...certFolders,
      ...(account === undefined ? {} : { credential: async () => ({ kind: 'password', ...account }) }),
      ...fixed,
      ...options,
    });
  };
  const checkLogin = async ({ registry, username, password, signal, ...access }: LoginRequest) => {
    const { readDomain } = await import('./auth/login.ts');
    using client = await clientWith({ ...access, account: { username, password } });
    await client.checkLogin(readDomain(registry), { signal });
  };
  return {
    config,
    client: (access = {}) => clientWith(access),
    login: async ({ registry, username, password, signal, ...access }) => {
      const { keepLogin, readDomain } = await import('./auth/login.ts');
      await checkLogin({
        registry,
        username,
        password,
        ...(signal === undefined ? {} : { signal }),
        ...access,
      });
      return await keepLogin(env, readDomain(registry), { username, password });
    },
    checkLogin,
    logout: async registry => {
      const { forgetLogin, readDomain } = await import('./auth/login.ts');
      return await forgetLogin(env, readDomain(registry));
    },
    search: async (words, { registry, limit, signal, ...access } = {}) => {
      const domain = registry ?? (await config()).search[0] ?? 'docker.io';
      using client = await clientWith(access);
      return await client.search(domain, words, { signal, ...(limit === undefined ? {} : { limit }) });
    },
    inspect: async (name, { signal, ...access } = {}) => {
      const { inspectRemote } = await import('./inspect-remote.ts');
      using client = await clientWith(access);
      return await inspectRemote(client, name, { signal, search: (await config()).search });
    },
  };
}

/** What is kept for a registry (`docker.io`, `registry.example:5000`), where docker and podman keep it. */
export async function findCredential(
  env: Readonly<Record<string, string | undefined>>,
  domain: string,
): Promise<Credential | undefined> {
  const { credentialFinder } = await import('./auth/find-credential.ts');
  return await credentialFinder(env)(domain);
}
