/** A git repository as a source of ADD, or as a build context. */
export interface GitSource {
  /** What `git fetch` gets; no fragment, no query. */
  readonly remote: string;
  /** Branch, tag or commit; undefined: what HEAD of the remote names. */
  readonly ref?: string;
  /** Folder of the repository to take; empty for all of it. */
  readonly subdir: string;
  /** The commit that the ref must be, or its first digits. */
  readonly checksum?: string;
  readonly keepGitDir?: boolean;
  readonly submodules: boolean;
}

/**
 * Reads `https://host/repo.git#ref:dir`, `git@host:repo`, `ssh://…`, `git://…`, and the query form `?branch=…&subdir=…`
 * (docs.docker.com/build/concepts/context, "Git repositories"). Undefined if it names no repository; throws an `Error` for
 * a query that makes no sense.
 */
export function parseGitSource(text: string): GitSource | undefined {
  const [, address = '', query, fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(text) ?? [];
  if (!isGitRemote(address)) return undefined;
  const colon = fragment.indexOf(':');
  const ref = colon < 0 ? fragment : fragment.slice(0, colon);
  const subdir = colon < 0 ? '' : fragment.slice(colon + 1);
  const plain = { ...(ref === '' ? {} : { ref }), ...(subdir === '' ? {} : { subdir }) };
  const asked = query === undefined ? {} : readQuery(query);
  for (const name of ['ref', 'subdir'] as const) {
    if (plain[name] !== undefined && asked[name] !== undefined && plain[name] !== asked[name]) {
      throw new Error(`it says both "${plain[name]}" and "${asked[name]}" for its ${name}`);
    }
  }
  const source = { remote: address, subdir: '', submodules: true, ...plain, ...asked };
  return source.ref === undefined && source.checksum !== undefined
    ? { ...source, ref: source.checksum }
    : source;
}

/** HTTP addresses are repositories only if they end in `.git`; a word before `@` and a colon make an ssh address. */
function isGitRemote(address: string): boolean {
  if (/^https?:\/\//i.test(address)) return /\.git\/?$/.test(address);
  return /^(git|ssh):\/\/./i.test(address) || /^[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+:./.test(address);
}

type Query = Partial<Omit<GitSource, 'remote'>>;

function readQuery(query: string): Query {
  const result: { -readonly [key in keyof Query]: Query[key] } = {};
  const said = new Map<string, string>();
  for (const part of query.split('&').filter(text => text !== '')) {
    const [name = '', value = ''] = part.split(/=(.*)/s).map(decodeURIComponent);
    if (said.has(name)) throw new Error(`its query says "${name}" twice`);
    if (value === '' && name !== 'keep-git-dir' && name !== 'submodules')
      throw new Error(`its query has no value for "${name}"`);
    said.set(name, value);
  }
  const refs = new Set<string>();
  for (const [name, value] of said) {
    if (name === 'ref') refs.add(value);
    else if (name === 'branch') refs.add(prefixed('refs/heads/', value));
    else if (name === 'tag') refs.add(prefixed('refs/tags/', value));
    else if (name === 'subdir') result.subdir = value;
    else if (name === 'checksum' || name === 'commit') result.checksum = value;
    else if (name === 'keep-git-dir') result.keepGitDir = truth(name, value);
    else if (name === 'submodules') result.submodules = truth(name, value);
    else throw new Error(`its query has an unknown "${name}"`);
  }
  const [ref] = refs;
  if (refs.size > 1) throw new Error(`its query names several refs: ${[...refs].join(', ')}`);
  return ref === undefined ? result : { ...result, ref };
}

function prefixed(prefix: string, name: string): string {
  return name.startsWith(prefix) ? name : prefix + name;
}

function truth(name: string, value: string): boolean {
  if (value === '' || /^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw new Error(`the "${name}" of its query is neither true nor false`);
}
