import { PlimsollError } from '../../../errors.ts';
import { parseReference } from '../../../oci/index.ts';
import { credentialKey, hostOfKey } from './credential.ts';
import { eraseInHelper, storeInHelper } from './credential-helper.ts';
import { dockerConfigPath, readDockerConfig, writeDockerConfig } from './docker-config.ts';
import { helperFor } from './find-credential.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The domain of a registry as people write it, `https://index.docker.io/v1/` too. Throws `invalid-argument`. */
export function readDomain(text: string): string {
  const host = hostOfKey(text.trim());
  try {
    const { domain } = parseReference(`${host}/x`);
    if (domain === host) return domain;
  } catch {
    // told below
  }
  throw new PlimsollError('invalid-argument', `"${text}" is not the name of a registry`, {
    code: 'BAD_REGISTRY',
    hint: 'write its host, with a port if it has one: registry.example:5000',
  });
}

/** Keeps a login where docker would, and says where: with a helper, or in a file. */
export async function keepLogin(
  env: Env,
  domain: string,
  login: { readonly username: string; readonly password: string },
): Promise<{ helper?: string; file?: string }> {
  const file = dockerConfigPath(env);
  const config = readDockerConfig(file);
  const key = credentialKey(domain);
  const helper = helperFor(config, domain);
  const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64');
  if (helper !== undefined) await storeInHelper(helper, key, login);
  const auths = { ...config.auths, [key]: helper === undefined ? { auth } : {} };
  writeDockerConfig(file, { ...config, auths });
  return helper === undefined ? { file } : { helper };
}

/** Forgets a login; false if none was kept. */
export async function forgetLogin(env: Env, domain: string): Promise<boolean> {
  const file = dockerConfigPath(env);
  const config = readDockerConfig(file);
  const helper = helperFor(config, domain);
  const erased = helper === undefined ? false : await eraseInHelper(helper, credentialKey(domain));
  const entries = Object.entries(config.auths ?? {});
  const left = entries.filter(([key]) => hostOfKey(key) !== hostOfKey(domain));
  if (left.length < entries.length) writeDockerConfig(file, { ...config, auths: Object.fromEntries(left) });
  return erased || left.length < entries.length;
}
