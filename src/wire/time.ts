import { badRequest } from './bad-request.ts';

/** Go's zero time, which stands in docker's answers where there is none. */
export const zeroTime = '0001-01-01T00:00:00Z';

/** Milliseconds since the epoch as RFC 3339, in docker's nanoseconds. */
export function formatTime(ms: number | undefined): string {
  return ms === undefined || ms === 0 ? zeroTime : new Date(ms).toISOString().replace('Z', '000000Z');
}

/** A `since` or `until` of a query (seconds with a fraction, or RFC 3339) in milliseconds; undefined for none. */
export function parseQueryTime(text: string | undefined): number | undefined {
  if (text === undefined || text === '' || text === '0') return undefined;
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const ms = Date.parse(text);
  if (!Number.isNaN(ms)) return ms;
  throw badRequest(`"${text}" is not a time`, 'use seconds since 1970, or RFC 3339');
}

/** The same, also as a duration before `now` (`10m`, `1h30m`), as filters of prune have it. */
export function parseFilterTime(text: string, now: number): number {
  if (!/^(\d+(\.\d+)?(h|m|s|ms))+$/.test(text)) return parseQueryTime(text) ?? 0;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)];
  const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  return now - parts.reduce((sum, [, amount, unit = 's']) => sum + Number(amount) * (units[unit] ?? 0), 0);
}

/** A time of an answer (RFC 3339) in milliseconds; undefined for Go's zero time, and for none. */
export function readTime(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) || ms <= 0 ? undefined : ms;
}
