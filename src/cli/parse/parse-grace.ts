import { parseCount } from './parse-limits.ts';

/** The `--time` of `stop` and `restart`, as the engine takes it; empty if it was not given. */
export function graceOf(time: string | undefined): { timeoutSeconds?: number } {
  return time === undefined ? {} : { timeoutSeconds: parseCount(time, 'a number of seconds', 0) };
}
