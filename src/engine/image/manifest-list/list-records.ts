import { PlimsollError } from '../../../errors.ts';
import { familiarReference, formatReference, parseReference, withDefaultTag } from '../../../oci/index.ts';
import type { Database } from '../../store/index.ts';
import type { ManifestList, ManifestMember } from './types.ts';

/** Indexes in the making, in the table `manifest_lists`. */
export interface ListRecords {
  all(): ManifestList[];
  has(name: string): boolean;
  get(name: string): ManifestList;
  save(list: ManifestList): ManifestList;
  /** Changes one in a transaction. */
  change(name: string, edit: (list: ManifestList) => ManifestList): ManifestList;
  remove(name: string): void;
}

export function createListRecords(db: Database): ListRecords {
  const find = (name: string) => {
    const row = db.get('SELECT document FROM manifest_lists WHERE name = ?', fullName(name));
    return row && (JSON.parse(String(row.document)) as ManifestList);
  };
  const records: ListRecords = {
    all: () =>
      db
        .all('SELECT document FROM manifest_lists ORDER BY name')
        .map(row => JSON.parse(String(row.document)) as ManifestList),
    has: name => find(name) !== undefined,
    get: name => {
      const list = find(name);
      if (list !== undefined) return list;
      throw new PlimsollError('not-found', `there is no manifest list "${name}" here`, {
        code: 'MANIFEST_NOT_FOUND',
        hint: `make it with 'plimsoll manifest create ${name}'`,
      });
    },
    save: list => {
      db.run('INSERT OR REPLACE INTO manifest_lists VALUES (?, ?)', list.name, JSON.stringify(list));
      return list;
    },
    change: (name, edit) => db.transaction(() => records.save(edit(records.get(name)))),
    remove: name => {
      records.get(name);
      db.run('DELETE FROM manifest_lists WHERE name = ?', fullName(name));
    },
  };
  return records;
}

/** The full form of a list's name. */
export function fullName(name: string): string {
  return formatReference(withDefaultTag(parseReference(name)));
}

/** The member of a list that a name, an id or a digest means, or the beginning of one of the latter two. */
export function findMember({ name, members }: ManifestList, wanted: string): ManifestMember {
  const hex = wanted.replace(/^sha256:/, '');
  const starts = (digest: string | undefined) => digest?.replace('sha256:', '').startsWith(hex) ?? false;
  const found =
    members.find(member => member.name === wanted || fullName(member.name) === safeFullName(wanted)) ??
    members.find(({ image, remote }) => hex !== '' && (starts(image) || starts(remote?.descriptor.digest)));
  if (found !== undefined) return found;
  throw new PlimsollError(
    'not-found',
    `"${wanted}" is not in the manifest list ${familiarReference(parseReference(name))}`,
    {
      code: 'MEMBER_NOT_FOUND',
      hint:
        members.length === 0 ? 'it is empty' : `there are ${members.map(member => member.name).join(', ')}`,
    },
  );
}

function safeFullName(name: string): string | undefined {
  try {
    return fullName(name);
  } catch {
    return undefined; // a digest
  }
}
