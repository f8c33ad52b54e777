import { badOption } from './bad-option.ts';

/**
 * Fields of an option: comma-separated, one with commas in quotes (`type=image,"name=a,b"`). `what` has them, such as
 * "an output"; another than a known one is an error.
 */
export function parseFields(
  text: string,
  what: string,
  known: readonly string[],
): ReadonlyMap<string, string> {
  const fields = [...text.matchAll(/"((?:[^"]|"")*)"|([^,]+)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
  return new Map(
    fields.map(field => {
      const at = field.indexOf('=');
      const key = field.slice(0, Math.max(at, 0));
      if (!known.includes(key))
        throw badOption(`"${field}" is nothing that ${what} has`, `there are ${known.join(', ')}`);
      return [key, field.slice(at + 1)];
    }),
  );
}

/** A field that is true or false. */
export function flagOf(fields: ReadonlyMap<string, string>, key: string, otherwise: boolean): boolean {
  const text = fields.get(key);
  if (text === undefined) return otherwise;
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw badOption(`"${text}" cannot be ${key}`, 'write true or false');
}
