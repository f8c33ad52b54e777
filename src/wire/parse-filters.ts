import type { Filters } from '../words/index.ts';
import { badRequest } from './bad-request.ts';

/**
 * The `filters` of a query: a JSON object of lists, or of objects whose names are the values, as docker before 1.10 had
 * them. A key outside `known` is `invalid-argument`, never ignored: it would list or remove too much.
 */
export function parseFilters(text: string | undefined, known: readonly string[]): Filters {
  if (text === undefined || text === '') return new Map();
  const parsed = parse(text);
  return new Map(
    Object.entries(parsed).map(([key, values]) => {
      if (!known.includes(key)) throw badRequest(`invalid filter '${key}'`, `there are ${known.join(', ')}`);
      return [key, valuesOf(values, key)];
    }),
  );
}

function parse(text: string): object {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  } catch {
    // told below
  }
  throw badRequest('invalid filters: they are no JSON object', 'as in {"status":["running"]}');
}

function valuesOf(values: unknown, key: string): string[] {
  const list: unknown = Array.isArray(values)
    ? values
    : typeof values === 'object'
      ? namesOf(values)
      : undefined;
  if (Array.isArray(list) && list.every(value => typeof value === 'string')) return list;
  throw badRequest(`invalid filter '${key}': its values are no list of strings`);
}

function namesOf(values: object | null): string[] {
  return Object.entries(values ?? {}).flatMap(([name, on]) => (on === true ? [name] : []));
}
