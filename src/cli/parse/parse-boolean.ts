import { badOption } from './bad-option.ts';

/** The value of an option that docker takes as `--option` or `--option=true|false`. */
export function parseBoolean(value: string | boolean, option: string): boolean {
  if (typeof value === 'boolean') return value;
  if (/^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw badOption(`"${value}" is neither true nor false`, `write ${option}=true or ${option}=false`);
}
