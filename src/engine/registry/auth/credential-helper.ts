import { isPlimsollError, PlimsollError } from '../../../errors.ts';
import { cleanText } from '../../../lib/clean-text.ts';
import { readJson } from '../../../oci/index.ts';
import { run } from '../../kernel/index.ts';
import type { Credential } from './credential.ts';

/**
 * Asks a credential helper (`docker-credential-NAME`, protocol of docker-credential-helpers) for what it keeps under a
 * key; undefined if it keeps nothing. Throws `unavailable` if the helper is missing or fails.
 */
export async function askHelper(name: string, key: string): Promise<Credential | undefined> {
  const { code, stdout, stderr } = await talk(name, 'get', key);
  if (code !== 0) {
    if (/credentials not found/i.test(stdout + stderr)) return undefined;
    throw failed(name, stdout || stderr);
  }
  const json = readJson(Buffer.from(stdout), `the answer of the credential helper "${name}"`);
  const [username, secret] = [json.text('Username') ?? '', json.text('Secret') ?? ''];
  if (username === '<token>') return { kind: 'identity-token', username: '', token: secret };
  return { kind: 'password', username, password: secret };
}

/** Gives a helper a credential to keep. */
export async function storeInHelper(
  name: string,
  key: string,
  { username, password }: { username: string; password: string },
): Promise<void> {
  const input = JSON.stringify({ ServerURL: key, Username: username, Secret: password });
  const { code, stdout, stderr } = await talk(name, 'store', input);
  if (code !== 0) throw failed(name, stdout || stderr);
}

/** Lets a helper forget a key; returns false if it kept nothing. */
export async function eraseInHelper(name: string, key: string): Promise<boolean> {
  const { code, stdout, stderr } = await talk(name, 'erase', key);
  if (code === 0) return true;
  if (/credentials not found/i.test(stdout + stderr)) return false;
  throw failed(name, stdout || stderr);
}

async function talk(name: string, verb: 'get' | 'store' | 'erase', input: string) {
  const command = `docker-credential-${name}`;
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) throw missing(cleanText(command), undefined);
  try {
    return await run(command, [verb], { input, timeoutMs: 60_000 });
  } catch (error) {
    throw isPlimsollError(error) && error.code === 'HOST_TOOL_MISSING' ? missing(command, error) : error;
  }
}

function missing(command: string, cause: unknown): PlimsollError {
  return new PlimsollError('unavailable', `the credential helper "${command}" is not installed`, {
    code: 'CREDENTIAL_HELPER_FAILED',
    hint: 'install it, or take it out of docker\'s config.json ("credsStore" and "credHelpers")',
    cause,
  });
}

function failed(name: string, words: string): PlimsollError {
  const said = cleanText(words.trim().split('\n')[0] ?? '', { maxLength: 200 });
  return new PlimsollError(
    'unavailable',
    `the credential helper "docker-credential-${name}" failed: ${said}`,
    {
      code: 'CREDENTIAL_HELPER_FAILED',
      hint: 'run it by hand to see what it misses',
    },
  );
}
