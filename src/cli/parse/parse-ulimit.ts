import { nearMisses } from '../../lib/near-misses.ts';
import { badOption } from './bad-option.ts';

/** Names of setrlimit(2), as ulimit and docker write them. */
const names =
  'as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(
    ' ',
  );

/** One `--ulimit`: `NAME=SOFT[:HARD]`; -1 and `unlimited` are no limit, and without a hard limit it is the soft one. */
export function parseUlimit(text: string): { name: string; soft: number; hard: number } {
  const [, name = '', soft = '', hard = soft] = /^([a-z]+)=([^:]+)(?::([^:]+))?$/.exec(text) ?? [];
  if (name === '') throw badUlimit(text, 'it is not of that form');
  if (!names.includes(name)) {
    const [near] = nearMisses(name, names, 1);
    throw badUlimit(
      text,
      `there is no limit "${name}"${near === undefined ? '' : `; did you mean ${near}?`}`,
    );
  }
  const [low, high] = [parseValue(soft, text), parseValue(hard, text)];
  if (high !== -1 && (low === -1 || low > high))
    throw badUlimit(text, 'the soft limit is above the hard one');
  return { name, soft: low, hard: high };
}

function parseValue(value: string, text: string): number {
  if (value === '-1' || value === 'unlimited') return -1;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw badUlimit(text, `"${value}" is no number`);
}

function badUlimit(text: string, why: string) {
  return badOption(
    `cannot set the limit "${text}": ${why}`,
    'write NAME=SOFT[:HARD], as in nofile=1024:2048',
  );
}
