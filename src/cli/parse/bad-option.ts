import { PlimsollError } from '../../errors.ts';

/** The error for a value that an option cannot take; `hint` shows what it can. */
export function badOption(message: string, hint: string): PlimsollError {
  return new PlimsollError('invalid-argument', message, { code: 'BAD_OPTION', hint });
}
