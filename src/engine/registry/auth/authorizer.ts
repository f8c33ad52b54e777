import { cleanText } from '../../../lib/clean-text.ts';
import { readJson } from '../../../oci/index.ts';
import type { HttpAnswer, HttpRequest, Transport } from '../http/http-types.ts';
import { isLoopback } from '../http/loopback.ts';
import { readBody } from '../http/read-body.ts';
import { refusal } from '../refusal.ts';
import { RegistryError } from '../registry-error.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { Credential } from './credential.ts';

/** What proves us to one registry, request by request. */
export interface Authorizer {
  /** The Authorization header for a request that needs these scopes; undefined for none. */
  header(scopes: readonly string[], signal?: AbortSignal): Promise<string | undefined>;
  /** Learns from a 401 how to authenticate; false if there is nothing to try that was not tried. */
  challenged(answer: HttpAnswer, scopes: readonly string[]): boolean;
  /** Who we say we are. */
  user(): Promise<string | undefined>;
}

export interface AuthorizerOptions {
  readonly transport: Transport;
  readonly credential: () => Promise<Credential | undefined>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** The registry itself is reached without TLS, because it was asked for. */
  readonly isPlain: () => boolean;
}

/** Basic and bearer authentication (distribution spec; docs of the token server's protocol). Tokens are kept by scope. */
export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const { credential, clock } = options;
  let challenge: Challenge | undefined;
  const tokens = new Map<string, { readonly header: string; readonly expires: number }>();
  return {
    header: async (scopes, signal) => {
      const known = await credential();
      if (known?.kind === 'registry-token') return `Bearer ${known.token}`;
      if (challenge?.scheme === 'basic') return basic(known);
      if (challenge?.scheme !== 'bearer') return undefined;
      const key = scopes.toSorted().join(' ');
      const kept = tokens.get(key);
      if (kept !== undefined && kept.expires > clock()) return kept.header;
      const { token, seconds } = await fetchToken(options, challenge, scopes, known, signal);
      // A little before its end: the request takes time too.
      tokens.set(key, { header: `Bearer ${token}`, expires: clock() + Math.max(10, seconds - 15) * 1000 });
      return `Bearer ${token}`;
    },
    challenged: (answer, scopes) => {
      const offered = parseChallenges(answer.headers['www-authenticate']);
      const chosen =
        offered.find(({ scheme }) => scheme === 'bearer') ?? offered.find(({ scheme }) => scheme === 'basic');
      if (chosen === undefined) return false;
      const isNew =
        challenge?.scheme !== chosen.scheme || challenge.parameters.realm !== chosen.parameters.realm;
      challenge = chosen;
      return tokens.delete(scopes.toSorted().join(' ')) || isNew;
    },
    user: async () => {
      const known = await credential();
      if (known?.kind === 'registry-token' || known === undefined) return undefined;
      return known.username === '' ? undefined : known.username;
    },
  };
}

function basic(credential: Credential | undefined): string | undefined {
  if (credential?.kind !== 'password') return undefined;
  return `Basic ${Buffer.from(`${credential.username}:${credential.password}`).toString('base64')}`;
}

async function fetchToken(
  options: AuthorizerOptions,
  { parameters }: Challenge,
  scopes: readonly string[],
  credential: Credential | undefined,
  signal: AbortSignal | undefined,
): Promise<{ token: string; seconds: number }> {
  const realm = readRealm(parameters.realm);
  if (credential !== undefined) refuseOpenLetter(realm, options);
  const wanted =
    scopes.length > 0 ? scopes : (parameters.scope ?? '').split(' ').filter(scope => scope !== '');
  const fields = new URLSearchParams();
  if (parameters.service !== undefined) fields.set('service', parameters.service);
  for (const scope of wanted) fields.append('scope', scope);
  const request =
    credential?.kind === 'identity-token'
      ? tokenByToken(realm, fields, credential.token)
      : tokenByName(realm, fields, credential);
  const answer = await options.transport.send({ ...request, ...(signal === undefined ? {} : { signal }) });
  if (answer.status !== 200) {
    const user =
      credential === undefined || credential.kind === 'registry-token' ? undefined : credential.username;
    throw await refusal(answer, { what: 'login', name: realm.host, user });
  }
  const json = readJson(await readBody(answer, 1024 * 1024), `the answer of ${realm.host}`);
  const token = json.text('token') ?? json.text('access_token') ?? '';
  if (/^[\x21-\x7e]+$/.test(token)) return { token, seconds: json.integer('expires_in') ?? 60 };
  throw new RegistryError('unauthenticated', `${realm.host} answers without a token`, {
    code: 'REGISTRY_LOGIN_FAILED',
    hint: 'ask who runs the registry',
  });
}

function tokenByName(realm: URL, fields: URLSearchParams, credential: Credential | undefined): HttpRequest {
  const url = new URL(realm);
  for (const [name, value] of fields) url.searchParams.append(name, value);
  const authorization = basic(credential);
  if (credential?.kind === 'password') url.searchParams.set('account', credential.username);
  return { method: 'GET', url, headers: authorization === undefined ? {} : { authorization } };
}

/** OAuth 2: a token that was given at the login, for one that opens the scopes. */
function tokenByToken(realm: URL, fields: URLSearchParams, token: string): HttpRequest {
  const form = new URLSearchParams(fields);
  form.set('grant_type', 'refresh_token');
  form.set('client_id', 'plimsoll');
  form.set('refresh_token', token);
  const scopes = form.getAll('scope');
  form.set('scope', scopes.join(' ')); // one field here, many in a GET
  return {
    method: 'POST',
    url: realm,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(form.toString()),
  };
}

function readRealm(realm: string | undefined): URL {
  const url = URL.parse(realm ?? '');
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return url;
  throw new RegistryError(
    'unavailable',
    `the registry asks for a login at "${cleanText(realm ?? '', { maxLength: 200 })}", which is no address`,
    {
      code: 'REGISTRY_LOGIN_FAILED',
      hint: 'ask who runs the registry',
    },
  );
}

/** A password goes over an open line only if the whole registry was asked for without TLS. */
function refuseOpenLetter(realm: URL, { isPlain }: AuthorizerOptions): void {
  if (realm.protocol === 'https:' || isLoopback(realm.hostname) || isPlain()) return;
  throw new RegistryError('permission-denied', `${realm.host} wants the password without TLS`, {
    code: 'REGISTRY_LOGIN_UNSAFE',
    hint: 'nothing was sent; use --tls-verify=false if you trust the network',
  });
}
