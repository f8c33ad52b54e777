import { PlimsollError } from '../../errors.ts';

/** The error for bytes that are not a sound tar; `why` is a clause about "it". */
export function badArchive(why: string, hint = 'get or make the archive again'): PlimsollError {
  return new PlimsollError('invalid-argument', `the tar archive cannot be used: ${why}`, {
    code: 'BAD_ARCHIVE',
    hint,
  });
}
