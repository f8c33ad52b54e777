import type { ErrorKind } from '../../errors.ts';
import { cleanText } from '../../lib/clean-text.ts';
import type { HttpAnswer } from './http/http-types.ts';
import { discard, readSome } from './http/read-body.ts';
import { RegistryError } from './registry-error.ts';

/** What a request was about, for the sentence that tells of its failure. */
export interface About {
  readonly what: 'ping' | 'login' | 'manifest' | 'blob' | 'push' | 'list' | 'search';
  /** The image as the user wrote it, or the host. */
  readonly name: string;
  /** Who we said we are, if we did. */
  readonly user?: string | undefined;
}

const errorBodyLimit = 64 * 1024;

/** The error for an answer that is not what was asked for. Reads (at most 64 KiB of) its body. */
export async function refusal(answer: HttpAnswer, about: About): Promise<RegistryError> {
  const { status, headers } = answer;
  const { codes, message } = readErrors(await readSome(answer, errorBodyLimit));
  discard(answer.body);
  const host = answer.url.host;
  const { kind, code, sentence, hint } = describe(status, host, about, message);
  const retryAfterMs = readRetryAfter(headers['retry-after']);
  const wait =
    retryAfterMs === undefined ? '' : `; it asks to wait ${Math.ceil(retryAfterMs / 1000)} seconds`;
  return new RegistryError(kind, sentence, {
    code,
    hint: `${hint}${wait}`,
    status,
    specCodes: codes,
    temporary: temporaryStatuses.has(status),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

const temporaryStatuses = new Set([408, 425, 429, 500, 502, 503, 504]);

interface Words {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly sentence: string;
  readonly hint: string;
}

function describe(status: number, host: string, about: About, message: string): Words {
  const said = message === '' ? '' : ` (${message})`;
  if (status === 401) return unknownUser(host, about, said);
  if (status === 403) return forbidden(host, about, said);
  if (status === 404) return missing(host, about);
  if (status === 413) {
    const sentence = `${host} takes no more bytes at once than "${about.name}" has${said}`;
    return {
      kind: 'resource-exhausted',
      code: 'REGISTRY_REFUSED',
      sentence,
      hint: 'ask who runs it to raise its limit',
    };
  }
  if (status === 429) {
    const sentence = `${host} has been asked too often and refuses more for now${said}`;
    return {
      kind: 'unavailable',
      code: 'REGISTRY_BUSY',
      sentence,
      hint: 'try again later; a login may raise the limit',
    };
  }
  if (status >= 500) {
    const sentence = `${host} fails with status ${status}${said}`;
    return {
      kind: 'unavailable',
      code: 'REGISTRY_FAILED',
      sentence,
      hint: 'try again later, or ask who runs it',
    };
  }
  const sentence = `${host} refuses "${about.name}" with status ${status}${said}`;
  return {
    kind: 'invalid-argument',
    code: 'REGISTRY_REFUSED',
    sentence,
    hint: 'check the name of the image and of the registry',
  };
}

function unknownUser(host: string, { name, user, what }: About, said: string): Words {
  const login = { kind: 'unauthenticated', code: 'REGISTRY_LOGIN_NEEDED' } as const;
  if (what === 'login' || user !== undefined) {
    const sentence = `${host} does not accept the login${user === undefined ? '' : ` of "${user}"`}${what === 'login' ? '' : ` for "${name}"`}${said}`;
    return {
      ...login,
      sentence,
      hint: `check user name and password with 'plimsoll login ${loginHost(host)}'`,
    };
  }
  const sentence = `${host} lets nobody unknown reach "${name}", if it is there at all${said}`;
  return { ...login, sentence, hint: `log in with 'plimsoll login ${loginHost(host)}', or check the name` };
}

function forbidden(host: string, { name, user, what }: About, said: string): Words {
  const who = user === undefined ? 'people without a login' : `"${user}"`;
  const deed = what === 'push' ? 'push to' : 'read';
  const hint =
    user === undefined
      ? `log in with 'plimsoll login ${loginHost(host)}'`
      : 'ask who runs it for the right, or log in as somebody else';
  return {
    kind: 'permission-denied',
    code: 'REGISTRY_FORBIDDEN',
    sentence: `${host} does not let ${who} ${deed} "${name}"${said}`,
    hint,
  };
}

function missing(host: string, { what, name }: About): Words {
  const words = { kind: 'not-found', code: 'REGISTRY_NOT_FOUND' } as const;
  switch (what) {
    case 'ping':
    case 'login':
      return { ...words, sentence: `${host} is no image registry`, hint: 'check its name and port' };
    case 'blob':
      return {
        ...words,
        sentence: `${host} does not have all the content of "${name}"`,
        hint: 'it must be pushed again',
      };
    case 'list':
    case 'search':
      return {
        ...words,
        sentence: `${host} cannot list "${name}"`,
        hint: 'check the name; not every registry can',
      };
    case 'push':
      return {
        ...words,
        sentence: `${host} has no place for "${name}"`,
        hint: 'check the name; some registries want a repository to be made first',
      };
    case 'manifest':
      return { ...words, sentence: `there is no image "${name}" at ${host}`, hint: 'check its name and tag' };
  }
}

/** What a person types after `plimsoll login`. */
function loginHost(host: string): string {
  return /(^|\.)docker\.io$/.test(host) ? '' : host;
}

/** The spec's `{"errors": [{code, message}]}`; of anything else the beginning, if it is no page for browsers. */
function readErrors(body: string): { codes: string[]; message: string } {
  try {
    const { errors, details, message } = JSON.parse(body) as {
      errors?: unknown;
      details?: unknown;
      message?: unknown;
    };
    const list = (Array.isArray(errors) ? errors : []) as readonly ({
      code?: unknown;
      message?: unknown;
    } | null)[];
    const codes = list.map(error => cleanText(String(error?.code ?? ''), { maxLength: 60 }));
    const words = list.map(error => String(error?.message ?? error?.code ?? '')).join('; ');
    const other = [details, message].find(text => typeof text === 'string' && text !== '');
    return { codes: codes.slice(0, 8), message: brief(words || String(other ?? '')) };
  } catch {
    return { codes: [], message: /^\s*</.test(body) ? '' : brief(body) };
  }
}

function brief(text: string): string {
  return cleanText(text.trim(), { maxLength: 200 }).replace(/\.$/, '');
}

/** Seconds, or a date (RFC 9110). */
function readRetryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
