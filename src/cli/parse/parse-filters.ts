import { nearMisses } from '../../lib/near-misses.ts';
import type { Filters } from '../../words/index.ts';
import { badOption } from './bad-option.ts';

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
