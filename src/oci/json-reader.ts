import { PlimsollError } from '../errors.ts';

/**
 * Reads JSON of a publisher, who may have written anything: each getter gives a value of its type, undefined for a
 * missing or null one, and throws for any other.
 */
export interface JsonReader {
  text(key: string): string | undefined;
  integer(key: string): number | undefined;
  flag(key: string): boolean | undefined;
  texts(key: string): readonly string[] | undefined;
  /** An object whose values are texts. */
  pairs(key: string): Readonly<Record<string, string>> | undefined;
  /** The keys of an object, such as a set of ports. */
  keys(key: string): readonly string[] | undefined;
  object(key: string): JsonReader | undefined;
  objects(key: string): readonly JsonReader[] | undefined;
  has(key: string): boolean;
}

/** Reads bytes as a JSON object; `what` names the document in errors (`the manifest`). Throws `data-loss` (`BAD_DOCUMENT`). */
export function readJson(bytes: Uint8Array, what: string): JsonReader {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new PlimsollError('data-loss', `${what} is not JSON`, { code: 'BAD_DOCUMENT', hint, cause: error });
  }
  return readerOf(value, what);
}

const hint = 'whoever published it has to mend it';

function readerOf(value: unknown, what: string): JsonReader {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badValue(what, 'an object');
  const fields = new Map(Object.entries(value));
  const read = <T>(key: string, wanted: string, accept: (value: unknown) => T | undefined): T | undefined => {
    const field: unknown = fields.get(key);
    if (field === undefined || field === null) return undefined;
    const result = accept(field);
    if (result === undefined) throw badValue(`"${key}" of ${what}`, wanted);
    return result;
  };
  return {
    text: key => read(key, 'a text', v => (typeof v === 'string' ? v : undefined)),
    integer: key => read(key, 'a whole number', v => (Number.isSafeInteger(v) ? (v as number) : undefined)),
    flag: key => read(key, 'true or false', v => (typeof v === 'boolean' ? v : undefined)),
    texts: key => read(key, 'a list of texts', v => (isTexts(v) ? v : undefined)),
    pairs: key => read(key, 'an object of texts', pairsOf),
    keys: key => read(key, 'an object', v => (isObject(v) ? Object.keys(v) : undefined)),
    object: key => {
      const field: unknown = fields.get(key);
      return field === undefined || field === null ? undefined : readerOf(field, `"${key}" of ${what}`);
    },
    objects: key => {
      const list = read(key, 'a list', v => (Array.isArray(v) ? (v as unknown[]) : undefined));
      return list?.map(member => readerOf(member, `a member of "${key}" of ${what}`));
    },
    has: key => fields.get(key) !== undefined && fields.get(key) !== null,
  };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(member => typeof member === 'string');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Labels of null stand for empty ones (some builders write them). */
function pairsOf(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value).map(([key, text]) => [key, text ?? ''] as const);
  if (!entries.every((entry): entry is readonly [string, string] => typeof entry[1] === 'string'))
    return undefined;
  return Object.fromEntries(entries);
}

function badValue(what: string, wanted: string): PlimsollError {
  return new PlimsollError('data-loss', `${what} is not ${wanted}`, { code: 'BAD_DOCUMENT', hint });
}
