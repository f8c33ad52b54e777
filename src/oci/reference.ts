import { PlimsollError } from '../errors.ts';
import { isDigest } from './digest.ts';

/**
 * The name of an image, normalised as Docker does (distribution/reference): every reference has a domain, and
 * short names of the Docker Hub have their `library/`.
 */
export interface Reference {
  /** `docker.io`, `localhost`, `registry.example:5000`. */
  readonly domain: string;
  /** `library/busybox`. */
  readonly path: string;
  readonly tag?: string;
  readonly digest?: string;
}

const defaultDomain = 'docker.io';
const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domainPattern = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?$`);
const pathPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;

/** Reads and normalises a reference; adds no tag. Throws `invalid-argument` (`BAD_REFERENCE`). */
export function parseReference(text: string): Reference {
  const { name, tag, digest } = split(text);
  const { domain, path } = normalise(name);
  if (!domainPattern.test(domain)) throw bad(text, `"${domain}" is not the name of a registry`);
  if (path.toLowerCase() !== path) throw bad(text, 'a repository is written in lower case');
  if (!pathPattern.test(path)) throw bad(text, `"${path}" is not the name of a repository`);
  if (/^[0-9a-f]{64}$/.test(name)) throw bad(text, '64 hex digits are an image id, not a name');
  if (domain.length + 1 + path.length > 255) throw bad(text, 'a name has at most 255 characters');
  if (tag !== undefined && !tagPattern.test(tag)) throw bad(text, `"${tag}" is not a tag`);
  if (digest !== undefined && !isDigest(digest)) throw bad(text, `"${digest}" is not a digest`);
  return { domain, path, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** The full form: `docker.io/library/busybox:latest`. `parseReference` reads it back as the same reference. */
export function formatReference(reference: Reference): string {
  return `${reference.domain}/${reference.path}${suffix(reference)}`;
}

/** The form a docker user knows: `busybox:latest`, `localhost/app:1`. `parseReference` reads it back too. */
export function familiarReference(reference: Reference): string {
  const { domain, path } = reference;
  if (domain !== defaultDomain) return formatReference(reference);
  const short = path.startsWith('library/') ? path.slice('library/'.length) : path;
  const whole = short.includes('/') && path.startsWith('library/') ? path : short;
  // A short path whose first part looks like a domain would be read as one.
  return looksLikeDomain(whole) ? formatReference(reference) : `${whole}${suffix(reference)}`;
}

/** The reference with the tag `latest`, if it has neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  if (reference.tag !== undefined || reference.digest !== undefined) return reference;
  return { ...reference, tag: 'latest' };
}

/**
 * What a name may mean in the local store, best first: a name without a registry is looked for as the Hub's, then
 * as one made here (`localhost/`), so that `FROM busybox` works offline with `localhost/busybox:latest`.
 */
export function localCandidates(text: string): readonly Reference[] {
  const { name } = split(text);
  const whole = withDefaultTag(parseReference(text));
  if (looksLikeDomain(name)) return [whole];
  return [whole, { ...whole, domain: 'localhost', path: name }];
}

/**
 * What a name may mean in registries, best first: one without a registry is looked for in each of `search`.
 */
export function remoteCandidates(text: string, search: readonly string[]): readonly Reference[] {
  const { name } = split(text);
  const whole = withDefaultTag(parseReference(text));
  if (looksLikeDomain(name)) return [whole];
  return search.map(domain => (domain === defaultDomain ? whole : { ...whole, domain, path: name }));
}

/** True for a name that a registry may know: not an id, and not what was made here (`localhost/`). */
export function mayBeInRegistry(name: string): boolean {
  return !name.startsWith('localhost/') && !/^(sha256:)?[0-9a-f]{12,64}$/.test(name);
}

function split(text: string): { name: string; tag: string | undefined; digest: string | undefined } {
  const at = text.indexOf('@');
  const [tagged, digest] = at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
  const colon = tagged.lastIndexOf(':');
  if (colon <= tagged.lastIndexOf('/')) return { name: tagged, tag: undefined, digest };
  return { name: tagged.slice(0, colon), tag: tagged.slice(colon + 1), digest };
}

function normalise(name: string): { domain: string; path: string } {
  if (!looksLikeDomain(name)) return hub(name);
  const slash = name.indexOf('/');
  const [domain, path] = [name.slice(0, slash), name.slice(slash + 1)];
  return domain === defaultDomain || domain === 'index.docker.io' ? hub(path) : { domain, path };
}

function hub(path: string): { domain: string; path: string } {
  return { domain: defaultDomain, path: path.includes('/') ? path : `library/${path}` };
}

/** Docker's rule: the first part is a registry if it has a dot, a colon or capitals, or is `localhost`. */
function looksLikeDomain(name: string): boolean {
  const slash = name.indexOf('/');
  if (slash < 0) return false;
  const first = name.slice(0, slash);
  return /[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first;
}

function suffix({ tag, digest }: Reference): string {
  return `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

function bad(text: string, why: string): PlimsollError {
  return new PlimsollError('invalid-argument', `"${text}" is not an image reference: ${why}`, {
    code: 'BAD_REFERENCE',
    hint: 'write it as [registry/]name[:tag][@digest]',
    data: { reference: text },
  });
}
