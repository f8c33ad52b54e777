import { PlimsollError } from '../../../errors.ts';

/** A line of passwd(5). */
export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** A line of group(5). */
export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** Who a process of a container runs as. */
export interface ResolvedUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  /** For HOME; `/` for a user without a line in passwd. */
  readonly home: string;
}

/** Parses passwd(5); lines that make no sense are skipped, as libc does. */
export function parsePasswd(text: string): PasswdEntry[] {
  return fieldsOf(text).flatMap(([name, , uid, gid, , home]) => {
    const [numericUid, numericGid] = [parseId(uid), parseId(gid)];
    if (!name || numericUid === undefined || numericGid === undefined) return [];
    return [{ name, uid: numericUid, gid: numericGid, home: home || '/' }];
  });
}

/** Parses group(5); lines that make no sense are skipped. */
export function parseGroup(text: string): GroupEntry[] {
  return fieldsOf(text).flatMap(([name, , gid, members]) => {
    const numericGid = parseId(gid);
    if (!name || numericGid === undefined) return [];
    return [{ name, gid: numericGid, members: (members ?? '').split(',').filter(Boolean) }];
  });
}

/**
 * Resolves `name|uid[:group|gid]` (empty: root) by Docker's rules: a number needs no entry; without an explicit group
 * the user's own counts, with all groups that list the user. Throws `invalid-argument` (`USER_UNKNOWN`).
 */
export function chooseUser(
  wanted: string,
  passwd: readonly PasswdEntry[],
  groups: readonly GroupEntry[],
): ResolvedUser {
  const [userPart = '', groupPart = '', ...rest] = wanted.split(':');
  if (rest.length > 0)
    throw unknown(`"${wanted}" is not a user`, 'write name or uid, then maybe :group or :gid');
  const uid = userPart === '' ? 0 : parseId(userPart);
  const entry = passwd.find(line => (userPart !== '' && line.name === userPart) || line.uid === uid);
  if (entry === undefined && uid === undefined) {
    throw unknown(
      `there is no user "${userPart}" in the image's /etc/passwd`,
      'use a number, or add the user',
    );
  }
  const identity = { uid: entry?.uid ?? uid ?? 0, home: entry?.home ?? '/' };
  if (groupPart !== '') return { ...identity, gid: chooseGroup(groupPart, groups), additionalGids: [] };
  const listed = entry === undefined ? [] : groups.filter(group => group.members.includes(entry.name));
  return {
    ...identity,
    gid: entry?.gid ?? 0,
    additionalGids: [...new Set(listed.map(group => group.gid))],
  };
}

/** The number of a group. Throws `invalid-argument` (`USER_UNKNOWN`). */
export function chooseGroup(wanted: string, groups: readonly GroupEntry[]): number {
  const gid = groups.find(group => group.name === wanted)?.gid ?? parseId(wanted);
  if (gid !== undefined) return gid;
  throw unknown(`there is no group "${wanted}" in the image's /etc/group`, 'use a number, or add the group');
}

function fieldsOf(text: string): string[][] {
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => line.split(':'));
}

/** A user or group number: 0 to 2^31-1, as Docker allows. */
function parseId(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id < 2 ** 31 ? id : undefined;
}

function unknown(message: string, hint: string): PlimsollError {
  return new PlimsollError('invalid-argument', message, { code: 'USER_UNKNOWN', hint });
}
