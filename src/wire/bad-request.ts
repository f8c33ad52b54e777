import { PlimsollError } from '../errors.ts';

/** The error for a request that says something that cannot be. */
export function badRequest(message: string, hint?: string): PlimsollError {
  return new PlimsollError('invalid-argument', message, {
    code: 'BAD_REQUEST',
    ...(hint === undefined ? {} : { hint }),
  });
}

/** The error for a request that docker serves and this engine does not: never ignored in silence. */
export function notServed(what: string, hint: string): PlimsollError {
  return new PlimsollError('not-implemented', what, { code: 'NOT_SERVED', hint });
}
