import { homedir } from 'node:os';
import { posix } from 'node:path';
import type { ContainerMount } from '../../engine/index.ts';
import { badOption } from './bad-option.ts';
import { parseSize } from './parse-size.ts';

/** One `--volume`: `source:target[:ro]`; a source that is no path names a volume; a target alone is anonymous. */
export function parseVolume(text: string, cwd: string): ContainerMount {
  const parts = text.split(':');
  const [source = '', target, options = ''] = parts.length === 1 ? ['', text] : parts;
  if (parts.length > 3 || target === undefined) throw badVolume(text, 'it has too many colons');
  if (parts.length > 1 && source === '') throw badVolume(text, 'its source is empty');
  const readOnly = parseVolumeOptions(options, text);
  return mountOf(source, checkTarget(target, text), readOnly, { cwd, text });
}

/** One `--mount`: `type=bind|volume|tmpfs,source=…,target=…[,readonly][,tmpfs-size=…]`. */
export function parseMount(text: string, cwd: string): ContainerMount {
  const fields = new Map(text.split(',').map(part => splitOnce(part)));
  const known = ['type', 'source', 'src', 'target', 'dst', 'destination', 'readonly', 'ro', 'tmpfs-size'];
  for (const key of fields.keys()) if (!known.includes(key)) throw badMount(text, `it cannot have "${key}"`);
  const target = fields.get('target') ?? fields.get('dst') ?? fields.get('destination') ?? '';
  const source = fields.get('source') ?? fields.get('src') ?? '';
  const readOnly = isSet(fields.get('readonly')) || isSet(fields.get('ro'));
  const type = fields.get('type') ?? 'volume';
  checkTarget(target, text);
  if (type === 'tmpfs') return tmpfs(target, fields.get('tmpfs-size'));
  if (type === 'bind') {
    if (source === '') throw badMount(text, 'a bind needs a source');
    return { type, source: toAbsolute(source, cwd), target, readOnly };
  }
  if (type !== 'volume') throw badMount(text, `its type is none of bind, volume and tmpfs`);
  return { type, name: checkName(source, text), target, readOnly };
}

/** One `--tmpfs`: `target[:size=64m,…]`; of the mount options only the size is ours to choose. */
export function parseTmpfs(text: string): ContainerMount {
  const [target = '', options = ''] = text.split(/:(.*)/s);
  const size = options.split(',').find(option => option.startsWith('size='));
  return tmpfs(checkTarget(target, text), size?.slice('size='.length));
}

function mountOf(
  source: string,
  target: string,
  readOnly: boolean,
  { cwd, text }: { cwd: string; text: string },
): ContainerMount {
  const isPath = /^(\/|\.{1,2}(\/|$)|~(\/|$))/.test(source);
  if (isPath) return { type: 'bind', source: toAbsolute(source, cwd), target, readOnly };
  return { type: 'volume', name: checkName(source, text), target, readOnly };
}

/** `z` and `Z` relabel for SELinux; without it there is nothing to do. */
function parseVolumeOptions(options: string, text: string): boolean {
  const words = options.split(',').filter(word => word !== '');
  const unknown = words.find(word => !['ro', 'rw', 'z', 'Z'].includes(word));
  if (unknown !== undefined) throw badVolume(text, `"${unknown}" is none of ro, rw, z and Z`);
  return words.includes('ro');
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

function tmpfs(target: string, size: string | undefined): ContainerMount {
  return { type: 'tmpfs', target, ...(size === undefined ? {} : { sizeBytes: parseSize(size) }) };
}

function toAbsolute(path: string, cwd: string): string {
  return posix.resolve(cwd, path.replace(/^~(?=\/|$)/, homedir()));
}

function splitOnce(part: string): [string, string] {
  const at = part.indexOf('=');
  return at < 0 ? [part, 'true'] : [part.slice(0, at), part.slice(at + 1)];
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && ['true', '1'].includes(value);
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
