import { PlimsollError } from '../../../errors.ts';

interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
}

/** Without sub-ids there is no user but root to be, and no group. Throws `unavailable` (`SUB_IDS_MISSING`). */
export function userToBe<T extends ProcessUser>(user: T, { oneUser }: { readonly oneUser: boolean }): T {
  if (!oneUser) return user;
  const { uid, gid } = user;
  if (uid === 0 && gid === 0) return { ...user, additionalGids: [] };
  throw new PlimsollError(
    'unavailable',
    `the user ${uid}:${gid} cannot be had: you have no sub-ids to give away`,
    {
      code: 'SUB_IDS_MISSING',
      hint: "'plimsoll doctor' says how to get some; or run it with --user 0",
    },
  );
}
