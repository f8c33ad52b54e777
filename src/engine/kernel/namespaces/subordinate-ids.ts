import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';

/** Numbers that a user may give away in user namespaces of his own: subuid(5), subgid(5). */
export interface IdRange {
  readonly start: number;
  readonly count: number;
}

/** The ranges of a user, from /etc/subuid and /etc/subgid; empty: there are none. */
export function subordinateIds(uid: number): { readonly uids: IdRange[]; readonly gids: IdRange[] } {
  const owner = { name: userName(uid), uid };
  return {
    uids: parseRanges(readText('/etc/subuid'), owner),
    gids: parseRanges(readText('/etc/subgid'), owner),
  };
}

/** Lines `user:start:count` of one user, by name or number. */
export function parseRanges(
  text: string,
  owner: { readonly name: string | undefined; readonly uid: number },
): IdRange[] {
  return text.split('\n').flatMap(line => {
    const [who, start, count] = line.trim().split(':');
    if (who === undefined || who === '' || ![owner.name, String(owner.uid)].includes(who)) return [];
    const range = { start: Number(start), count: Number(count) };
    return Number.isInteger(range.start) && range.count > 0 ? [range] : [];
  });
}

/** The caller is 0, and the ranges follow from 1 up: arguments of newuidmap(1) and lines of user_namespaces(7). */
export function mapOf(id: number, ranges: readonly IdRange[]): number[][] {
  let next = 1;
  const given = ranges.map(({ start, count }) => {
    const line = [next, start, count];
    next += count;
    return line;
  });
  return [[0, id, 1], ...given];
}

/** From /etc/passwd, as in a user namespace the process would be told that it is root. */
export function userName(uid: number): string | undefined {
  const line = readText('/etc/passwd')
    .split('\n')
    .find(each => each.split(':')[2] === String(uid));
  if (line !== undefined) return line.split(':')[0];
  try {
    return uid === process.getuid?.() ? userInfo().username : undefined; // known to another directory than that file
  } catch {
    return undefined;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
