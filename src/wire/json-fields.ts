import { PlimsollError } from '../errors.ts';

/**
 * An object of a request, read field by field. Go's JSON takes null and an absent field for the same, and names without
 * regard to case; a value of another type is `invalid-argument` with the path of the field.
 */
export class JsonFields {
  readonly #fields: ReadonlyMap<string, unknown>;
  readonly #path: string;

  constructor(value: unknown, path = '') {
    if (!isObject(value)) throw wrongType(path || 'body', 'an object');
    this.#fields = new Map(Object.entries(value).map(([name, each]) => [name.toLowerCase(), each]));
    this.#path = path;
  }

  text(name: string): string | undefined {
    return this.#typed(name, 'a string', (value): value is string => typeof value === 'string');
  }

  /** As `text`, but an empty one is the same as none. */
  words(name: string): string | undefined {
    return this.text(name) || undefined;
  }

  number(name: string): number | undefined {
    return this.#typed(name, 'a number', (value): value is number => typeof value === 'number');
  }

  /** As `number`, but 0 is the same as none. */
  amount(name: string): number | undefined {
    return this.number(name) || undefined;
  }

  flag(name: string): boolean | undefined {
    return this.#typed(name, 'true or false', (value): value is boolean => typeof value === 'boolean');
  }

  texts(name: string): string[] | undefined {
    return this.#typed(name, 'a list of strings', (value): value is string[] => isListOf(value, isText));
  }

  numbers(name: string): number[] | undefined {
    const is = (value: unknown): value is number[] =>
      isListOf(value, (each): each is number => typeof each === 'number');
    return this.#typed(name, 'a list of numbers', is);
  }

  /** A list of strings, or one string for a list of one. */
  oneOrMore(name: string): string[] | undefined {
    const value = this.#value(name);
    return typeof value === 'string' ? [value] : this.texts(name);
  }

  /** Names with a string each. */
  pairs(name: string): Record<string, string> | undefined {
    return this.#typed(name, 'an object of strings', (value): value is Record<string, string> => {
      return isObject(value) && Object.values(value).every(isText);
    });
  }

  /** Names with anything. */
  entries(name: string): [string, unknown][] {
    const value = this.#typed(name, 'an object', isObject);
    return Object.entries(value ?? {});
  }

  object(name: string): JsonFields {
    return new JsonFields(this.#value(name) ?? {}, this.#pathOf(name));
  }

  objects(name: string): JsonFields[] {
    const values = this.#typed(name, 'a list', (value): value is unknown[] => Array.isArray(value));
    return (values ?? []).map((value, i) => new JsonFields(value, `${this.#pathOf(name)}[${i}]`));
  }

  #value(name: string): unknown {
    return this.#fields.get(name.toLowerCase()) ?? undefined;
  }

  #typed<T>(name: string, wanted: string, is: (value: unknown) => value is T): T | undefined {
    const value = this.#value(name);
    if (value === undefined || is(value)) return value;
    throw wrongType(this.#pathOf(name), wanted);
  }

  #pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isListOf<T>(value: unknown, is: (each: unknown) => each is T): value is T[] {
  return Array.isArray(value) && value.every(is);
}

function wrongType(path: string, wanted: string): PlimsollError {
  return new PlimsollError('invalid-argument', `${path} must be ${wanted}`, { code: 'BAD_BODY' });
}
