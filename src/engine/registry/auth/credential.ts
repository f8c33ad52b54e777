/** What a person or a machine proves itself with at a registry. */
export type Credential =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** A token to get further tokens with (OAuth 2 refresh token). */
  | { readonly kind: 'identity-token'; readonly username: string; readonly token: string }
  /** A token that is shown to the registry itself. */
  | { readonly kind: 'registry-token'; readonly token: string };

/** Finds what is known for a registry; `repository` chooses among several of one registry. */
export type FindCredential = (domain: string, repository?: string) => Promise<Credential | undefined>;

/** The key under which docker keeps what belongs to a registry; that of the Hub is as old as the Hub. */
export function credentialKey(domain: string): string {
  return isHub(domain) ? 'https://index.docker.io/v1/' : domain;
}

/** The host that a key of `auths` speaks of, with a path of a repository if it has one (podman writes such). */
export function hostOfKey(key: string): string {
  const bare = key
    .replace(/^https?:\/\//, '')
    .replace(/\/v[12]\/?$/, '')
    .replace(/\/+$/, '');
  const [host = '', ...path] = bare.split('/');
  return [isHub(host) ? 'docker.io' : host, ...path].join('/');
}

function isHub(host: string): boolean {
  return ['docker.io', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'].includes(host);
}
