import { type Credential, credentialKey, type FindCredential, hostOfKey } from './credential.ts';
import { askHelper } from './credential-helper.ts';
import { type DockerConfig, dockerConfigPath, otherAuthFiles, readDockerConfig } from './docker-config.ts';

/**
 * Looks credentials up as docker does: the helper of the registry, else the helper of all, else the file itself; then in
 * podman's file. The files are read at the first question, helpers asked once for each registry.
 */
export function credentialFinder(env: Readonly<Record<string, string | undefined>>): FindCredential {
  let files: readonly DockerConfig[] | undefined;
  const asked = new Map<string, Promise<Credential | undefined>>();
  return async (domain, repository) => {
    files ??= [dockerConfigPath(env), ...otherAuthFiles(env)].map(readDockerConfig);
    for (const config of files) {
      const helper = helperFor(config, domain);
      if (helper !== undefined) {
        const key = `${helper}\n${domain}`;
        const answer = asked.get(key) ?? askHelper(helper, credentialKey(domain));
        asked.set(key, answer);
        const credential = await answer;
        if (credential !== undefined) return credential;
      }
      const stored = storedCredential(config, domain, repository);
      if (stored !== undefined) return stored;
    }
    return undefined;
  };
}

/** The helper that keeps what belongs to a registry, if one does. */
export function helperFor({ credHelpers, credsStore }: DockerConfig, domain: string): string | undefined {
  const own = Object.entries(credHelpers ?? {}).find(([key]) => hostOfKey(key) === hostOfKey(domain));
  const name = own?.[1] ?? credsStore;
  return name === '' ? undefined : name;
}

/** The entry with the longest path that `domain/repository` begins with. */
function storedCredential(
  { auths }: DockerConfig,
  domain: string,
  repository: string | undefined,
): Credential | undefined {
  const wanted = `${hostOfKey(domain)}${repository === undefined ? '' : `/${repository}`}/`;
  const fitting = Object.entries(auths ?? {})
    .filter(([, entry]) => typeof entry === 'object' && entry !== null) // anybody may have edited the file
    .filter(([key]) => wanted.startsWith(`${hostOfKey(key)}/`))
    .sort(([a], [b]) => hostOfKey(b).length - hostOfKey(a).length);
  for (const [, entry] of fitting) {
    const { auth, identitytoken, registrytoken } = entry;
    const [username, password] = splitAuth(auth) ?? [entry.username ?? '', entry.password ?? ''];
    if (registrytoken) return { kind: 'registry-token', token: registrytoken };
    if (identitytoken) return { kind: 'identity-token', username, token: identitytoken };
    if (username !== '') return { kind: 'password', username, password };
  }
  return undefined;
}

function splitAuth(auth: string | undefined): [string, string] | undefined {
  if (!auth) return undefined;
  const text = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : [text.slice(0, colon), text.slice(colon + 1)];
}
