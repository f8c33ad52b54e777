import { PlimsollError } from '../../errors.ts';
import type { BuildRequest } from './types.ts';

/**
 * The time that a build shall seem to have happened at, in seconds since the epoch: its argument SOURCE_DATE_EPOCH
 * (reproducible-builds.org). Throws `invalid-argument`.
 */
export function sourceDateOf({ buildArgs }: Pick<BuildRequest, 'buildArgs'>): number | undefined {
  const text = buildArgs?.SOURCE_DATE_EPOCH;
  if (text === undefined || text === '') return undefined;
  const seconds = Number(text);
  if (/^\d+$/.test(text) && seconds <= latest) return seconds;
  throw new PlimsollError('invalid-argument', `"${text}" cannot be the time of a build`, {
    code: 'BAD_SOURCE_DATE',
    hint: 'SOURCE_DATE_EPOCH is a number of seconds since 1970, such as $(git log -1 --format=%ct)',
  });
}

/** The last second that RFC 3339 can write. */
const latest = 253_402_300_799;
