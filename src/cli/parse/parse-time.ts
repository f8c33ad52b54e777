import { badOption } from './bad-option.ts';

/** Milliseconds of a Go duration: `90s`, `1h30m`, `1.5h`, `250ms`; a bare number counts seconds. */
export function parseDuration(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (!/^(\d+(\.\d+)?(ms|us|µs|ns|h|m|s|d))+$/.test(text)) {
    throw badOption(`"${text}" is not a duration`, 'write it as in 30s, 10m or 1h30m');
  }
  let total = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s|d)/g)) {
    total += Number(number) * (units[unit ?? ''] ?? 0);
  }
  return total;
}

/** A moment, in milliseconds since the epoch: RFC 3339, a date, seconds since the epoch, or a duration before `now`. */
export function parseTime(text: string, now: number): number {
  if (/^\d{9,}(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  if (/^\d{4}-\d{2}-\d{2}/.test(text)) {
    const time = Date.parse(text);
    if (!Number.isNaN(time)) return time;
  } else if (/^[\d.]+[a-zµ]/.test(text)) {
    return now - parseDuration(text);
  }
  throw badOption(
    `"${text}" is not a time`,
    'write it as in 2026-01-31T12:00:00Z, or as a duration like 10m',
  );
}

const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
