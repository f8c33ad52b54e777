import { badRequest } from '../wire/index.ts';

/** The query of a request, read as docker reads it. */
export class Query {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(query: unknown) {
    this.#values = typeof query === 'object' && query !== null ? { ...query } : {};
  }

  /** The value, or the first of several; undefined for none or an empty one. */
  text(name: string): string | undefined {
    return this.texts(name)[0] || undefined;
  }

  texts(name: string): string[] {
    const value = this.#values[name];
    const list: unknown[] = Array.isArray(value) ? value : [value];
    return list.filter(each => typeof each === 'string');
  }

  /** True for anything but nothing, `0`, `no`, `false` and `none`. */
  flag(name: string): boolean {
    return !['', '0', 'no', 'false', 'none'].includes((this.text(name) ?? '').trim().toLowerCase());
  }

  /** As `flag`, with what stands for none. */
  flagOr(name: string, otherwise: boolean): boolean {
    return this.text(name) === undefined ? otherwise : this.flag(name);
  }

  integer(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (/^-?\d{1,15}$/.test(text)) return Number(text);
    throw badRequest(`invalid value for ${name}: "${text}" is no whole number`);
  }
}
