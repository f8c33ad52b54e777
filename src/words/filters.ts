import { PlimsollError } from '../errors.ts';
import { matchesLabel } from '../lib/matches-label.ts';

/** Filters as docker has them, by key; values of one key are alternatives. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/** True if there is no such filter, or `test` holds for one of its values. */
export function passes(filters: Filters, key: string, test: (value: string) => boolean): boolean {
  return filters.get(key)?.some(test) ?? true;
}

/** True if labels match every `label=name` and `label=name=value` filter (docker asks for all of them). */
export function passesLabels(filters: Filters, labels: Readonly<Record<string, string>>): boolean {
  return (filters.get('label') ?? []).every(wanted => matchesLabel(labels, wanted));
}

/** Docker's yes and no in filters. Throws `invalid-argument` for what is neither. */
export function isTrueFilter(key: string, value: string): boolean {
  if (['true', '1'].includes(value)) return true;
  if (['false', '0'].includes(value)) return false;
  throw new PlimsollError('invalid-argument', `invalid filter '${key}=${value}'`, {
    code: 'BAD_FILTER',
    hint: 'write true or false',
  });
}
