import type { BuildWarning } from '../../engine/index.ts';

/** A warning in one line: where, which rule, what is wrong, and what to do. */
export function describeWarning({ line, rule, message, fix }: BuildWarning): string {
  const place = line === undefined ? '' : `line ${line}: `;
  return `${place}${rule === undefined ? '' : `${rule}: `}${message}${fix === undefined ? '' : `; ${fix}`}`;
}
