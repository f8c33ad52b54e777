import { homedir } from 'node:os';
import { posix } from 'node:path';
import type { ContainerMount } from '../../engine/index.ts';
import { badOption } from './bad-option.ts';
import { parseBoolean } from './parse-boolean.ts';
import { parseSize } from './parse-size.ts';

type Bind = Extract<ContainerMount, { type: 'bind' }>;
type Volume = Extract<ContainerMount, { type: 'volume' }>;
type Tmpfs = Extract<ContainerMount, { type: 'tmpfs' }>;

const propagations = ['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave'];

/**
 * One `--volume`: `source:target[:options]`; a source that is no path names a volume; a target alone is anonymous.
 * Options: `ro`, `rw`, `nocopy`, `idmap`, how mounts propagate, and those of other systems, which mean nothing here. A
 * path that does not exist becomes a folder, as docker's does (`--mount` refuses it).
 */
export function parseVolume(text: string, cwd: string): ContainerMount {
  const parts = text.split(':');
  const [source = '', target, options = ''] = parts.length === 1 ? ['', text] : parts;
  if (parts.length > 3 || target === undefined) throw badVolume(text, 'it has too many colons');
  if (parts.length > 1 && source === '') throw badVolume(text, 'its source is empty');
  const words = volumeWords(options, text);
  const common = { target: checkTarget(target, text), readOnly: words.includes('ro') };
  const propagation = words.find(word => propagations.includes(word));
  if (isPath(source)) {
    if (words.includes('nocopy'))
      throw badVolume(text, 'nothing is copied into a bind: "nocopy" is for volumes');
    const spread = propagation === undefined ? {} : { propagation };
    const bind = { type: 'bind', source: toAbsolute(source, cwd), createSource: true } as const;
    return { ...bind, ...common, ...spread, ...idmapOf(words) };
  }
  if (propagation !== undefined) throw badVolume(text, `"${propagation}" is for binds`);
  if (idmapOf(words).idmap !== undefined) throw badVolume(text, '"idmap" is for binds');
  const copy = words.includes('nocopy') ? { noCopy: true } : {};
  return { type: 'volume', name: checkName(source, text), ...common, ...copy };
}

/** `z` and `Z` relabel for SELinux, the last three are for Docker Desktop: without these there is nothing to do. */
const withoutMeaning = ['z', 'Z', 'consistent', 'cached', 'delegated'];

function volumeWords(options: string, text: string): string[] {
  const words = options.split(',').filter(word => word !== '');
  const known = ['ro', 'rw', 'nocopy', ...propagations, ...withoutMeaning];
  const unknown = words.find(word => !known.includes(word) && !idmapWord.test(word));
  if (unknown !== undefined)
    throw badVolume(text, `"${unknown}" is none of ro, rw, nocopy, idmap, z, Z and a propagation`);
  return words;
}

/** podman's form: `idmap`, or with mappings `idmap=uids=0-1000-1#1-2000-10;gids=…`. */
const idmapWord =
  /^idmap(=[ug]ids=@?\d+-\d+-\d+(#@?\d+-\d+-\d+)*(;[ug]ids=@?\d+-\d+-\d+(#@?\d+-\d+-\d+)*)?)?$/;

function idmapOf(words: readonly string[]): Pick<Bind, 'idmap'> {
  const word = words.find(each => idmapWord.test(each));
  if (word === undefined) return {};
  return { idmap: word === 'idmap' ? true : word.slice('idmap='.length) };
}

/** One `--mount`, in docker's long form: `type=bind|volume|tmpfs,source=…,target=…` and what goes with the type. */
export function parseMount(text: string, cwd: string): ContainerMount {
  const fields = new Fields(text);
  const type = fields.take('type') ?? 'volume';
  const target = checkTarget(fields.take('target', 'dst', 'destination') ?? '', text);
  const readOnly = fields.flag('readonly', 'ro');
  fields.take('consistency');
  const mount = mountOfType(type, fields, { target, readOnly, cwd, text });
  fields.refuseRest();
  return mount;
}

interface Common {
  readonly target: string;
  readonly readOnly: boolean;
  readonly cwd: string;
  readonly text: string;
}

function mountOfType(type: string, fields: Fields, common: Common): ContainerMount {
  if (type === 'bind') return bindOf(fields, common);
  if (type === 'volume') return volumeOf(fields, common);
  if (type === 'tmpfs') return tmpfsOf(fields, common);
  throw badMount(common.text, 'its type is none of bind, volume and tmpfs');
}

function bindOf(fields: Fields, { target, readOnly, cwd, text }: Common): Bind {
  const source = fields.take('source', 'src') ?? '';
  if (source === '') throw badMount(text, 'a bind needs a source');
  const propagation = fields.oneOf('bind-propagation', propagations);
  const alone = fields.flag('bind-nonrecursive');
  const createSource = fields.flag('bind-create-src');
  const recursive = fields.oneOf('bind-recursive', ['enabled', 'disabled', 'writable', 'readonly']) as
    | Bind['recursive']
    | undefined;
  if (recursive === 'readonly' && !readOnly) throw badMount(text, 'bind-recursive=readonly needs readonly');
  const depth = alone ? 'disabled' : recursive;
  return {
    type: 'bind',
    source: toAbsolute(source, cwd),
    target,
    readOnly,
    ...(propagation === undefined ? {} : { propagation }),
    ...(depth === undefined ? {} : { recursive: depth }),
    ...(createSource ? { createSource } : {}),
  };
}

function volumeOf(fields: Fields, { target, readOnly, text }: Common): Volume {
  const name = checkName(fields.take('source', 'src') ?? '', text);
  const noCopy = fields.flag('volume-nocopy');
  const subpath = fields.take('volume-subpath');
  const driver = fields.take('volume-driver') ?? 'local';
  if (driver !== 'local' && driver !== '') throw badMount(text, `there is no volume driver "${driver}"`);
  return {
    type: 'volume',
    name,
    target,
    readOnly,
    ...(noCopy ? { noCopy } : {}),
    ...(subpath === undefined ? {} : { subpath }),
  };
}

function tmpfsOf(fields: Fields, { target, readOnly, text }: Common): Tmpfs {
  const size = fields.take('tmpfs-size');
  const mode = fields.take('tmpfs-mode');
  if (mode !== undefined && !/^[0-7]{1,5}$/.test(mode))
    throw badMount(text, `"${mode}" is no mode, such as 1777`);
  return {
    type: 'tmpfs',
    target,
    ...(size === undefined ? {} : { sizeBytes: parseSize(size) }),
    ...(mode === undefined ? {} : { mode: Number.parseInt(mode, 8) }),
    ...(readOnly ? { options: ['ro'] } : {}),
  };
}

/** The fields of a `--mount`, taken one after the other; what nobody takes is an error. */
class Fields {
  readonly #text: string;
  readonly #left: Map<string, string | true>;

  constructor(text: string) {
    this.#text = text;
    this.#left = new Map(splitCsv(text).map(part => splitOnce(part)));
  }

  take(...keys: readonly string[]): string | undefined {
    let found: string | undefined;
    for (const key of keys) {
      const value = this.#left.get(key);
      this.#left.delete(key);
      if (value === true) throw badMount(this.#text, `"${key}" needs a value`);
      found ??= value;
    }
    return found;
  }

  flag(...keys: readonly string[]): boolean {
    let found = false;
    for (const key of keys) {
      const value = this.#left.get(key);
      this.#left.delete(key);
      if (value !== undefined) found = parseBoolean(value, key);
    }
    return found;
  }

  oneOf(key: string, values: readonly string[]): string | undefined {
    const value = this.take(key);
    if (value === undefined || values.includes(value)) return value;
    throw badMount(this.#text, `${key} is none of ${values.join(', ')}`);
  }

  refuseRest(): void {
    const [key] = this.#left.keys();
    if (key !== undefined) throw badMount(this.#text, `it cannot have "${key}"`);
  }
}

/** Fields between commas; one in quotation marks may have commas itself. */
function splitCsv(text: string): string[] {
  const fields = text.match(/("(?:[^"]|"")*"|[^,])+/g) ?? [];
  return fields.map(field =>
    field.replace(/"((?:[^"]|"")*)"/g, (_, inner: string) => inner.replaceAll('""', '"')),
  );
}

/** One `--tmpfs`: `target[:size=64m,mode=700,…]`, with the options of mount(8) for a tmpfs. */
export function parseTmpfs(text: string): ContainerMount {
  const [target = '', words = ''] = text.split(/:(.*)/s);
  const options = words.split(',').filter(word => word !== '');
  const wrong = options.find(option => !tmpfsOption.test(option));
  if (wrong !== undefined) {
    throw badOption(
      `a tmpfs cannot have the option "${wrong}"`,
      'as in /run:size=64m,mode=755,uid=1000,exec',
    );
  }
  const size = options.find(option => option.startsWith('size='))?.slice('size='.length);
  const rest = options.filter(option => !option.startsWith('size='));
  return {
    type: 'tmpfs',
    target: checkTarget(target, text),
    ...(size === undefined ? {} : { sizeBytes: parseSize(size) }),
    ...(rest.length > 0 ? { options: rest } : {}),
  };
}

/** tmpfs(5), and the general ones of mount(8). */
const tmpfsOption =
  /^(ro|rw|(no)?(exec|suid|dev|atime|diratime|relatime|strictatime)|size=\d+[bkmgt%]?|mode=[0-7]{3,5}|[ug]id=\d+|nr_(inodes|blocks)=\d+[kmg]?|mpol=\S+|inode(32|64))$/i;

function isPath(source: string): boolean {
  return /^(\/|\.{1,2}(\/|$)|~(\/|$))/.test(source);
}

function checkTarget(target: string, text: string): string {
  if (!target.startsWith('/')) throw badVolume(text, 'the path in the container must be absolute');
  if (posix.normalize(target).replace(/\/$/, '') === '') throw badVolume(text, 'it would cover the root');
  return target;
}

function checkName(name: string, text: string): string {
  if (name !== '' && !/^[a-zA-Z0-9][\w.-]*$/.test(name)) {
    throw badVolume(text, `"${name}" is neither a path nor a name for a volume`);
  }
  return name;
}

function toAbsolute(path: string, cwd: string): string {
  return posix.resolve(cwd, path.replace(/^~(?=\/|$)/, homedir()));
}

function splitOnce(part: string): [string, string | true] {
  const at = part.indexOf('=');
  return at < 0 ? [part, true] : [part.slice(0, at), part.slice(at + 1)];
}

function badVolume(text: string, why: string) {
  return badOption(
    `cannot mount "${text}": ${why}`,
    'write SOURCE:TARGET[:ro], as in ./data:/data:ro or files:/srv',
  );
}

function badMount(text: string, why: string) {
  return badOption(`cannot mount "${text}": ${why}`, 'as in type=bind,source=/data,target=/data,readonly');
}
