import { chooseGroup, parseGroup } from './parse-user.ts';
import { readInRoot } from './resolve-user.ts';

/** Numbers of groups by name or number, against the /etc/group of a root filesystem. Throws `USER_UNKNOWN`. */
export function resolveGroups(rootfs: string, wanted: readonly string[]): number[] {
  if (wanted.length === 0) return [];
  const groups = parseGroup(readInRoot(rootfs, '/etc/group'));
  return wanted.map(group => chooseGroup(group, groups));
}
