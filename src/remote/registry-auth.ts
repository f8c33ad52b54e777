import { findCredential, type RegistryAccess } from '../engine/index.ts';
import { parseReference } from '../oci/index.ts';

/**
 * The header by which an engine elsewhere is lent our login at the registry of an image, as docker's client does; empty
 * where there is none.
 */
export async function registryAuth(
  name: string,
  { account }: RegistryAccess,
): Promise<Readonly<Record<string, string>>> {
  const { domain } = parseReference(name);
  const credential = account ?? (await findCredential(process.env, domain));
  if (credential === undefined) return {};
  const auth = { ...wordsOf(credential), serveraddress: domain };
  return { 'X-Registry-Auth': Buffer.from(JSON.stringify(auth)).toString('base64url') };
}

type Known = NonNullable<Awaited<ReturnType<typeof findCredential>>>;

/** Docker's AuthConfig. */
function wordsOf(credential: Known | NonNullable<RegistryAccess['account']>): object {
  if (!('kind' in credential) || credential.kind === 'password') {
    const { username, password } = credential;
    return { username, password };
  }
  return credential.kind === 'identity-token'
    ? { username: credential.username, identitytoken: credential.token }
    : { registrytoken: credential.token };
}
