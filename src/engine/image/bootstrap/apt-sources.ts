import { readdirSync, readFileSync } from 'node:fs';

/** One repository that apt is configured with. */
export interface AptSource {
  readonly uri: string;
  readonly suites: readonly string[];
}

export interface MirrorRequest {
  readonly distribution: 'debian' | 'ubuntu';
  readonly suite: string;
}

/**
 * The mirrors for a suite, as arguments of mmdebstrap: the host's own lines for it (with updates and security), else
 * the host's mirror of that distribution, else none, which leaves the choice to mmdebstrap or to Ubuntu's archive.
 */
export function mirrorsFor(sources: readonly AptSource[], { distribution, suite }: MirrorRequest): string[] {
  const components = distribution === 'ubuntu' ? 'main universe' : 'main';
  const own = sources.filter(source => isOf(source, distribution));
  const wanted = [suite, `${suite}-updates`, `${suite}-security`];
  const lines = own.flatMap(source =>
    source.suites
      .filter(name => wanted.includes(name))
      .map(name => `deb ${source.uri} ${name} ${components}`),
  );
  if (own.some(source => source.suites.includes(suite))) return [...new Set(lines)];
  const mirror = own.find(source => !/security/.test(source.uri))?.uri;
  if (mirror !== undefined && !mirror.startsWith('http://deb.debian.org/')) {
    return [`deb ${mirror} ${suite} ${components}`];
  }
  return distribution === 'ubuntu' ? [`deb ${ubuntuArchive()} ${suite} ${components}`] : [];
}

/** Reads what apt of this machine is configured with; nothing on a machine without apt. */
export function hostAptSources(): AptSource[] {
  const folder = '/etc/apt/sources.list.d';
  const names = list(folder).map(name => `${folder}/${name}`);
  return ['/etc/apt/sources.list', ...names].flatMap(path => parseAptSources(path, read(path)));
}

/** Reads one file of sources.list(5), in either format by its name. Only http, https and enabled ones. */
export function parseAptSources(path: string, text: string): AptSource[] {
  return path.endsWith('.sources') ? parseDeb822(text) : parseOneLine(text);
}

function parseOneLine(text: string): AptSource[] {
  return text.split('\n').flatMap(line => {
    const words = line
      .replace(/#.*/, '')
      .replace(/\[[^\]]*\]/, '')
      .trim()
      .split(/\s+/);
    const [type, uri = '', suite] = words;
    return type === 'deb' && suite !== undefined && isWeb(uri)
      ? [{ uri: trimmed(uri), suites: [suite] }]
      : [];
  });
}

function parseDeb822(text: string): AptSource[] {
  return text.split(/\n\s*\n/).flatMap(stanza => {
    const field = (name: string) => {
      const value = new RegExp(`^${name}:(.*(?:\\n[ \\t].*)*)`, 'im').exec(stanza)?.[1] ?? '';
      return value.split(/\s+/).filter(word => word !== '');
    };
    if (field('Enabled')[0] === 'no' || !field('Types').includes('deb')) return [];
    const suites = field('Suites');
    return field('URIs')
      .filter(isWeb)
      .map(uri => ({ uri: trimmed(uri), suites }));
  });
}

/** By the last part of the path, as every mirror has it: `/debian`, `/debian-security`, `/ubuntu`, `/ubuntu-ports`. */
function isOf({ uri }: AptSource, distribution: 'debian' | 'ubuntu'): boolean {
  const pattern = distribution === 'debian' ? /\/debian(-security)?$/ : /\/ubuntu(-ports)?$/;
  return pattern.test(uri);
}

function ubuntuArchive(): string {
  const ported = process.arch !== 'x64' && process.arch !== 'ia32';
  return ported ? 'http://ports.ubuntu.com/ubuntu-ports' : 'http://archive.ubuntu.com/ubuntu';
}

function isWeb(uri: string): boolean {
  return /^https?:\/\//.test(uri);
}

function trimmed(uri: string): string {
  return uri.replace(/\/+$/, '');
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter(name => /\.(list|sources)$/.test(name))
      .sort();
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
