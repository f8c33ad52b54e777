import { readFileSync } from 'node:fs';

/** Who runs this process. */
export interface Caller {
  /** As the machine numbers it, also inside a user namespace of plimsoll's own. */
  readonly uid: number;
  readonly gid: number;
  /** An ordinary user: all that needs root happens in a user namespace, and ends where that does. */
  readonly rootless: boolean;
  /** This process is in the namespaces of `enterNamespaces`. */
  readonly inside: boolean;
  /** There is no other number that a file or a process could have: the user has no sub-ids. */
  readonly oneUser: boolean;
}

/** What `enterNamespaces` puts into the environment: `UID:GID`, as the machine numbers them. */
export const callerVariable = 'PLIMSOLL_CALLER';

let found: Caller | undefined;

/**
 * The one decision whether plimsoll works for root or for an ordinary user. In a user namespace every number of this
 * process reads 0, so that who it really is comes by the environment; it counts only where the namespace's own map
 * says the same.
 */
export function caller(): Caller {
  found ??= findCaller({
    told: process.env[callerVariable],
    uidMap: readText('/proc/self/uid_map'),
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
  });
  return found;
}

/** Pure. `uidMap` as in user_namespaces(7): lines of first number inside, first outside, count. */
export function findCaller({
  told,
  uidMap,
  uid,
  gid,
}: {
  readonly told: string | undefined;
  readonly uidMap: string;
  readonly uid: number;
  readonly gid: number;
}): Caller {
  const [, toldUid, toldGid] = /^(\d+):(\d+)$/.exec(told ?? '') ?? [];
  const outside = /^\s*0\s+(\d+)\s+1\s*$/m.exec(uidMap)?.[1];
  const inside = uid === 0 && toldUid !== undefined && toldUid !== '0' && toldUid === outside;
  if (!inside) return { uid, gid, rootless: uid !== 0, inside, oneUser: false };
  const oneUser = uidMap.trim().split('\n').length === 1;
  return { uid: Number(toldUid), gid: Number(toldGid), rootless: true, inside, oneUser };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
