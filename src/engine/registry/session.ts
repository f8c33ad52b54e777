import { isPlimsollError } from '../../errors.ts';
import { type Authorizer, createAuthorizer } from './auth/authorizer.ts';
import type { Credential } from './auth/credential.ts';
import type { HttpAnswer, HttpRequest, SendableBody, Transport } from './http/http-types.ts';
import { isLoopback } from './http/loopback.ts';
import { discard } from './http/read-body.ts';
import { type About, refusal } from './refusal.ts';
import { RegistryError } from './registry-error.ts';
import { type RetryOptions, type RetryPolicy, withRetry } from './retry.ts';

/** A request to a registry, apart from who asks and how often. */
export interface Call {
  readonly method: HttpRequest['method'];
  /** Below `/v2/`, or a whole address that the registry gave. */
  readonly path: string | URL;
  /** What a token must allow, such as `repository:library/busybox:pull`. */
  readonly scopes: readonly string[];
  readonly about: About;
  /** Statuses that are answers; any other is an error. */
  readonly expect: readonly number[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | SendableBody;
  readonly signal?: AbortSignal | undefined;
  readonly onRetry?: RetryOptions['onRetry'];
  /** Default: the session's. `once` for what the caller repeats by itself. */
  readonly retry?: 'once';
}

/** One registry, or one mirror of it: where it is, how it is spoken to, who we are there. Opened at the first call. */
export interface Session {
  /** For messages. */
  readonly host: string;
  call(call: Call): Promise<HttpAnswer>;
  /** Asks the registry whether it is one; throws if it cannot be reached. */
  ping(signal?: AbortSignal): Promise<void>;
  /** Asks whether the registry knows us: throws `unauthenticated` if not. */
  checkLogin(signal?: AbortSignal): Promise<void>;
}

export interface SessionOptions {
  /** Addresses to try, best first: https, then http where that is allowed. Paths end in `/`. */
  readonly bases: readonly URL[];
  readonly transport: Transport;
  readonly credential: (repository?: string) => Promise<Credential | undefined>;
  readonly policy: RetryPolicy;
  readonly clock: () => number;
}

export function createSession(options: SessionOptions): Session {
  const { transport, credential, policy, clock, bases } = options;
  const host = bases[0]?.host ?? '';
  let opened: Promise<URL> | undefined;
  let base: URL | undefined;
  const authorizers = new Map<string, Authorizer>();
  let firstAnswer: HttpAnswer | undefined;
  /** Credentials may differ by repository, so tokens do too. */
  const authorizerFor = (scopes: readonly string[]): Authorizer => {
    const repository = /^repository:(.+):[^:]*$/.exec(scopes[0] ?? '')?.[1];
    const key = repository ?? '';
    const known = authorizers.get(key);
    if (known !== undefined) return known;
    const made = createAuthorizer({
      transport,
      credential: () => credential(repository),
      clock,
      isPlain: () => base?.protocol === 'http:',
    });
    if (firstAnswer?.status === 401) made.challenged(firstAnswer, []);
    authorizers.set(key, made);
    return made;
  };
  const open = (signal?: AbortSignal): Promise<URL> => {
    opened ??= findBase(options, signal).then(found => {
      ({ base } = found);
      firstAnswer = found.answer;
      return found.base;
    });
    opened.catch(() => {
      opened = undefined; // asked again at the next call
    });
    return opened;
  };
  const callOnce = async (call: Call): Promise<HttpAnswer> => {
    const url = addressOf(await open(call.signal), call.path);
    const authorizer = authorizerFor(call.scopes);
    let answer = await ask(transport, call, url, { base, authorizer });
    if (answer.status === 401 && authorizer.challenged(answer, call.scopes)) {
      discard(answer.body);
      answer = await ask(transport, call, url, { base, authorizer });
    }
    if (call.expect.includes(answer.status)) return answer;
    throw await refusal(answer, { ...call.about, user: await authorizer.user() });
  };
  return {
    host,
    call: call =>
      call.retry === 'once'
        ? callOnce(call)
        : withRetry(() => callOnce(call), { policy, signal: call.signal, onRetry: call.onRetry }),
    ping: async signal => void (await open(signal)),
    checkLogin: async signal => {
      const about: About = { what: 'login', name: host };
      const answer = await callOnce({ method: 'GET', path: '', scopes: [], about, expect: [200], signal });
      discard(answer.body);
    },
  };
}

/** The first address that answers as a registry does. */
async function findBase(
  { bases, transport, policy }: SessionOptions,
  signal: AbortSignal | undefined,
): Promise<{ base: URL; answer: HttpAnswer }> {
  let failure: unknown;
  for (const base of bases) {
    try {
      const answer = await withRetry(() => ping(base, transport, signal), { policy, signal });
      discard(answer.body);
      return { base, answer };
    } catch (error) {
      // Whoever shows a wrong certificate is not asked again without any.
      if (isPlimsollError(error, 'cancelled')) throw error;
      if (isPlimsollError(error) && error.code === 'REGISTRY_UNTRUSTED') throw error;
      failure = choose(failure, error);
    }
  }
  throw failure;
}

/**
 * Of two failures the one that says more: that nothing listens is less than what was answered. Who does not speak TLS was
 * asked without: then that counts.
 */
function choose(before: unknown, now: unknown): unknown {
  if (before === undefined || (isPlimsollError(before) && before.code === 'REGISTRY_NOT_TLS')) return now;
  return now instanceof RegistryError && now.status !== undefined ? now : before;
}

async function ping(base: URL, transport: Transport, signal: AbortSignal | undefined): Promise<HttpAnswer> {
  const request: HttpRequest = { method: 'GET', url: base, ...(signal === undefined ? {} : { signal }) };
  const answer = await transport.send(request).catch((error: unknown) => {
    throw isPlimsollError(error) && error.code === 'REGISTRY_CONNECTION_LOST' ? lastWord(error, base) : error;
  });
  if ([200, 401, 403].includes(answer.status)) return answer;
  throw await refusal(answer, { what: 'ping', name: base.host });
}

/** A server without TLS often only hangs up on a greeting with it; it will not learn by being asked again. */
function lastWord(error: Error, base: URL): Error {
  if (base.protocol === 'http:' || !(error instanceof RegistryError)) return error;
  const { kind, message, code, hint = '' } = error;
  return new RegistryError(kind, message, {
    code,
    hint: isLoopback(base.hostname)
      ? hint
      : `${hint}; if it is meant to work without TLS, use --tls-verify=false`,
    cause: error,
  });
}

function addressOf(base: URL, path: string | URL): URL {
  return typeof path === 'string' ? new URL(path, base) : path;
}

const redirects = new Set([301, 302, 303, 307, 308]);
const mostRedirects = 5;

/** One request and, of what only reads, up to five redirects. What proves us is shown to the registry alone. */
async function ask(
  transport: Transport,
  { method, headers = {}, body, signal, scopes, about }: Call,
  first: URL,
  { base, authorizer }: { base: URL | undefined; authorizer: Authorizer },
): Promise<HttpAnswer> {
  let url = first;
  for (let hops = 0; ; hops++) {
    const proof = url.origin === base?.origin ? await authorizer.header(scopes, signal) : undefined;
    const answer = await transport.send({
      method,
      url,
      headers: {
        'user-agent': 'plimsoll',
        ...headers,
        ...(proof === undefined ? {} : { authorization: proof }),
      },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (!redirects.has(answer.status) || (method !== 'GET' && method !== 'HEAD')) return answer;
    discard(answer.body);
    if (hops === mostRedirects) throw badRedirect(url, about, 'sends us round in circles');
    url = nextAddress(url, answer.headers.location, about);
  }
}

function nextAddress(from: URL, location: string | undefined, about: About): URL {
  const next = URL.parse(location ?? '', from.href);
  if (next === null || !/^https?:$/.test(next.protocol))
    throw badRedirect(from, about, 'sends us to no address');
  if (from.protocol === 'https:' && next.protocol === 'http:')
    throw badRedirect(from, about, 'sends us from TLS to none');
  return next;
}

function badRedirect(url: URL, { name }: About, what: string): RegistryError {
  return new RegistryError('unavailable', `${url.host} ${what} for "${name}"`, {
    code: 'REGISTRY_FAILED',
    hint: 'ask who runs the registry',
  });
}
