import { matchesLabel } from '../../lib/matches-label.ts';
import { nearMisses } from '../../lib/near-misses.ts';
import { badOption } from './bad-option.ts';

/** `--filter key=value` options, by key; values of one key are alternatives. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/** Reads filters; a key outside `known` is an error that names near misses. */
export function parseFilters(values: readonly string[], known: readonly string[]): Filters {
  const filters = new Map<string, string[]>();
  for (const value of values) {
    const at = value.indexOf('=');
    const key = value.slice(0, at);
    if (at < 1) throw badOption(`"${value}" is not a filter`, 'write --filter KEY=VALUE');
    if (!known.includes(key)) {
      const near = nearMisses(key, known);
      const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : `there are ${known.join(', ')}`;
      throw badOption(`there is no filter "${key}" here`, hint);
    }
    filters.set(key, [...(filters.get(key) ?? []), value.slice(at + 1)]);
  }
  return filters;
}

/** True if there is no such filter, or `test` holds for one of its values. */
export function passes(filters: Filters, key: string, test: (value: string) => boolean): boolean {
  return filters.get(key)?.some(test) ?? true;
}

/** True if labels match every `label=name` and `label=name=value` filter (docker asks for all of them). */
export function passesLabels(filters: Filters, labels: Readonly<Record<string, string>>): boolean {
  return (filters.get('label') ?? []).every(wanted => matchesLabel(labels, wanted));
}
