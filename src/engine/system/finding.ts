import type { CheckProblem } from './types.ts';

/** A problem together with the way to mend it, if there is one that loses nothing a user made. */
export interface Finding {
  readonly problem: CheckProblem;
  readonly repair?: () => void | Promise<void>;
}

/** A finding in one line. */
export function finding(
  area: CheckProblem['area'],
  subject: string,
  problem: string,
  mend?: { readonly fix: string; readonly repair: () => void | Promise<void> },
): Finding {
  if (mend === undefined) return { problem: { area, subject, problem } };
  return { problem: { area, subject, problem, fix: mend.fix }, repair: mend.repair };
}
