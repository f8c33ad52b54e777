import {
  type Descriptor,
  familiarReference,
  type JsonReader,
  mediaTypes,
  parseManifest,
  type Reference,
  readJson,
} from '../../oci/index.ts';
import { discard, readBody } from './http/read-body.ts';
import { RegistryError } from './registry-error.ts';
import { pullScope } from './scopes.ts';
import type { Call, Session } from './session.ts';
import type { FoundRepository, TransferOptions } from './types.ts';

const pageLimit = 4 * 1024 * 1024;
const mostPages = 100;

/** The tags of a repository; see `RegistryClient.tags`. */
export async function listTags(
  session: Session,
  reference: Reference,
  { limit, signal, onRetry }: TransferOptions & { limit: number },
): Promise<string[]> {
  const { path } = reference;
  const { tag, digest, ...repository } = reference;
  const about = { what: 'list', name: familiarReference(repository) } as const;
  const call = { method: 'GET', scopes: [pullScope(path)], about, expect: [200], signal, onRetry } as const;
  return await pages(
    session,
    { ...call, path: `${path}/tags/list` },
    { limit, read: json => json.texts('tags') ?? [] },
  );
}

/** Manifests about a manifest; see `RegistryClient.referrers`. */
export async function listReferrers(
  session: Session,
  reference: Reference,
  { digest, signal, onRetry }: TransferOptions & { digest: string },
): Promise<readonly Descriptor[]> {
  const { path } = reference;
  const about = { what: 'list', name: familiarReference(reference) } as const;
  const answer = await session.call({
    method: 'GET',
    path: `${path}/referrers/${digest}`,
    scopes: [pullScope(path)],
    about,
    expect: [200, 404],
    signal,
    onRetry,
  });
  if (answer.status === 404) {
    discard(answer.body);
    return []; // a registry older than the question
  }
  const document = parseManifest(await readBody(answer, pageLimit), mediaTypes.index);
  return document.kind === 'index' ? document.index.manifests : [];
}

/**
 * Repositories with some words: by the old search that the Hub and Quay answer, else from the registry's own catalogue,
 * if it shows one.
 */
export async function searchRepositories(
  session: Session,
  domain: string,
  { words, limit, signal }: TransferOptions & { words: string; limit: number },
): Promise<FoundRepository[]> {
  const about = { what: 'search', name: words } as const;
  const base = { method: 'GET', about, expect: [200], signal } as const;
  const failures: unknown[] = [];
  try {
    const query = new URLSearchParams({ q: words, n: String(Math.min(limit, 100)) });
    const answer = await session.call({
      ...base,
      path: searchAddress(domain, session, query),
      scopes: [],
      retry: 'once',
    });
    const json = readJson(await readBody(answer, pageLimit), `the answer of ${session.host}`);
    return (json.objects('results') ?? []).slice(0, limit).map(result => readFound(result, domain));
  } catch (error) {
    failures.push(error);
  }
  try {
    const call: Call = { ...base, path: '_catalog?n=1000', scopes: ['registry:catalog:*'] };
    const all = await pages(session, call, {
      limit: 100_000,
      read: json => json.texts('repositories') ?? [],
    });
    const fitting = all.filter(name => name.includes(words.toLowerCase())).slice(0, limit);
    return fitting.map(name => ({ name: `${domain}/${name}`, description: '', stars: 0, official: false }));
  } catch (error) {
    failures.push(error);
  }
  const unreachable = failures.find(error => !(error instanceof RegistryError && error.status !== undefined));
  if (unreachable !== undefined) throw unreachable;
  throw new RegistryError('not-implemented', `${session.host} cannot be searched`, {
    code: 'REGISTRY_NO_SEARCH',
    hint: 'look on its web site',
    cause: failures[0],
  });
}

function searchAddress(domain: string, session: Session, query: URLSearchParams): URL {
  const host = domain === 'docker.io' ? 'index.docker.io' : session.host;
  return new URL(`https://${host}/v1/search?${query}`);
}

function readFound(json: JsonReader, domain: string): FoundRepository {
  const name = json.text('name') ?? '';
  return {
    name: domain === 'docker.io' ? name : `${domain}/${name}`,
    description: json.text('description') ?? '',
    stars: json.integer('star_count') ?? json.integer('stars') ?? 0,
    official: json.flag('is_official') ?? false,
  };
}

/** Follows the `Link: <...>; rel="next"` of answers until there is none, or enough. */
async function pages(
  session: Session,
  first: Call,
  { limit, read }: { limit: number; read: (json: JsonReader) => readonly string[] },
): Promise<string[]> {
  const found: string[] = [];
  let call: Call | undefined = first;
  for (let page = 0; call !== undefined && page < mostPages && found.length < limit; page++) {
    const answer = await session.call(call);
    found.push(...read(readJson(await readBody(answer, pageLimit), `the answer of ${session.host}`)));
    const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(String(answer.headers.link ?? ''))?.[1];
    const address = next === undefined ? null : URL.parse(next, answer.url.href);
    call = address === null ? undefined : { ...first, path: address };
  }
  return found.slice(0, limit);
}
