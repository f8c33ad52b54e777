import { resolve } from 'node:path';
import type { CacheFrom, CacheTo, RegistryAccess } from '../../engine/index.ts';
import { badOption } from './bad-option.ts';
import { flagOf, parseFields } from './parse-fields.ts';

/** What the values are read with: paths are relative to `cwd`, registries are reached by `access`. */
interface Place {
  readonly cwd: string;
  readonly access: RegistryAccess;
}

/** Reads `--cache-from`, as buildx has it: a name alone is a repository. */
export function parseCacheFrom(text: string, place: Place): CacheFrom {
  if (!text.includes('=')) return { type: 'registry', name: text, ...place.access };
  const fields = parseFields(text, 'a cache to read', ['type', 'src', 'ref', 'tag']);
  return placeOf(text, fields, 'src', place);
}

/** Reads `--cache-to`, as buildx has it. */
export function parseCacheTo(text: string, place: Place): CacheTo {
  if (text === 'inline' || text === 'type=inline') return { type: 'inline' };
  if (!text.includes('=')) return { type: 'registry', name: text, ...place.access };
  const known = ['type', 'dest', 'ref', 'tag', 'mode', 'ignore-error'];
  const fields = parseFields(text, 'a cache to write', known);
  const mode = fields.get('mode') ?? 'min';
  if (mode !== 'min' && mode !== 'max')
    throw badOption(`there is no mode "${mode}"`, 'there are min and max');
  return {
    ...placeOf(text, fields, 'dest', place),
    mode,
    ignoreErrors: flagOf(fields, 'ignore-error', false),
  };
}

function placeOf(
  text: string,
  fields: ReadonlyMap<string, string>,
  folderKey: 'src' | 'dest',
  { cwd, access }: Place,
): CacheFrom {
  const [type, name, folder, tag] = [
    fields.get('type'),
    fields.get('ref'),
    fields.get(folderKey),
    fields.get('tag'),
  ];
  if (type === 'registry' && name !== undefined) return { type, name, ...access };
  if (type === 'local' && folder !== undefined)
    return { type, folder: resolve(cwd, folder), ...(tag === undefined ? {} : { tag }) };
  const form = `type=registry,ref=NAME or type=local,${folderKey}=FOLDER`;
  if (type === 'registry' || type === 'local')
    throw badOption(`"${text}" does not say where the cache is`, `write ${form}`);
  throw badOption(`there is no cache of type "${type ?? ''}"`, `write ${form}`);
}
