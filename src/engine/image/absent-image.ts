import { isPlimsollError, messageOf, PlimsollError } from '../../errors.ts';

/** One sentence of both: what is not here, and why it does not come. */
export function neitherHereNorThere(here: PlimsollError, there: unknown): unknown {
  if (!isPlimsollError(there) || there.kind === 'cancelled') return there;
  const hints = [here.hint, there.hint].filter(hint => hint !== undefined);
  return new PlimsollError(there.kind, `${here.message}, and ${messageOf(there)}`, {
    code: here.code,
    hint: hints.join('; ').replace('?; ', '? else '),
    cause: there,
  });
}
