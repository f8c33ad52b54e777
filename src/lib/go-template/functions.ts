import { printValue, sprintf } from './print-value.ts';
import { TemplateError } from './syntax.ts';

/** What a template can call by name. Arguments are checked by what they are used for. */
export type TemplateFunction = (...args: readonly unknown[]) => unknown;

/** Those of text/template, and those that docker adds (docs: "Format command and log output"). */
export const functions: Readonly<Record<string, TemplateFunction>> = {
  not: value => !isTrue(value),
  len: value =>
    typeof value === 'string' ? Buffer.byteLength(value) : Object.keys(collection('len', value)).length,
  index: (value, ...keys) => keys.reduce(at, value),
  slice: (value, from = 0, to) =>
    (value as string).slice(Number(from), to === undefined ? undefined : Number(to)),
  print: (...values) => sprint(values),
  println: (...values) => `${values.map(printValue).join(' ')}\n`,
  printf: (format, ...values) => sprintf(text('printf', format), values),
  eq: (first, ...others) => others.some(other => first === other || (first ?? null) === (other ?? null)),
  ne: (first, second) => (first ?? null) !== (second ?? null),
  lt: (a, b) => compare('lt', a, b) < 0,
  le: (a, b) => compare('le', a, b) <= 0,
  gt: (a, b) => compare('gt', a, b) > 0,
  ge: (a, b) => compare('ge', a, b) >= 0,
  html: value => printValue(value).replace(/[&<>"']/g, sign => entities[sign] ?? sign),
  js: value => JSON.stringify(printValue(value)).slice(1, -1),
  urlquery: value => encodeURIComponent(printValue(value)).replaceAll('%20', '+'),
  json: value => JSON.stringify(value ?? null),
  split: (value, separator) => text('split', value).split(text('split', separator)),
  join: (values, separator) =>
    Object.values(collection('join', values)).map(printValue).join(text('join', separator)),
  title: value =>
    text('title', value).replace(/(^|[\s_-])(\p{L})/gu, (_, gap, letter) => gap + letter.toUpperCase()),
  lower: value => text('lower', value).toLowerCase(),
  upper: value => text('upper', value).toUpperCase(),
  pad: (value, before, after) => ' '.repeat(Number(before)) + text('pad', value) + ' '.repeat(Number(after)),
  truncate: (value, length) => [...text('truncate', value)].slice(0, Number(length)).join(''),
};

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

/** Go's fmt.Sprint: a blank between two of which neither is a text. */
function sprint(values: readonly unknown[]): string {
  const apart = (i: number) => i > 0 && typeof values[i] !== 'string' && typeof values[i - 1] !== 'string';
  return values.map((value, i) => (apart(i) ? ' ' : '') + printValue(value)).join('');
}

/** Go's truth: false, 0, nil, and what is empty are false. */
export function isTrue(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === '') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

function at(value: unknown, key: unknown): unknown {
  if (value === null || value === undefined) throw new TemplateError('index of nil');
  if (Array.isArray(value)) {
    const item = Number(key);
    if (!(item >= 0 && item < value.length))
      throw new TemplateError(`index out of range: ${printValue(key)}`);
    return value[item];
  }
  if (typeof value === 'string') return Buffer.from(value)[Number(key)];
  // As of a map of texts, which most are: what is not there is empty.
  return Object.hasOwn(value as object, String(key)) ? (value as Record<string, unknown>)[String(key)] : '';
}

function compare(name: string, a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  throw new TemplateError(`${name} compares numbers or texts, not ${printValue(a)} with ${printValue(b)}`);
}

function text(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TemplateError(`${name} wants a text, not ${printValue(value)}`);
}

function collection(name: string, value: unknown): object {
  if (typeof value === 'object' && value !== null) return value;
  if (value === null || value === undefined) return [];
  throw new TemplateError(`${name} wants a list or a map, not ${printValue(value)}`);
}
