import type { RestartPolicy } from './types.ts';

/** How a run ended, as far as a restart policy asks. */
export interface Ending {
  readonly exitCode: number;
  readonly stoppedByUser: boolean;
  /** Restarts by the policy so far, since a person started it. */
  readonly restartCount: number;
  /** How long the run lasted, in milliseconds. */
  readonly ranMs: number;
  /** The pause before this run; undefined: a person started it. */
  readonly backoffMs: number | undefined;
}

const first = 100;
/** Milliseconds. */
export const longestPause = 60_000;
const healthyAfter = 10_000;

/**
 * The pause in milliseconds before the next start, or undefined for none. Docker's rules: 100 ms, doubled with each
 * restart up to a minute, from the start again after a run of 10 s; never after a person stopped it.
 */
export function decideRestart(policy: RestartPolicy | undefined, ending: Ending): number | undefined {
  if (policy === undefined || policy.name === 'no' || ending.stoppedByUser) return undefined;
  if (policy.name === 'on-failure') {
    if (ending.exitCode === 0) return undefined;
    if (policy.maximumRetries > 0 && ending.restartCount >= policy.maximumRetries) return undefined;
  }
  if (ending.backoffMs === undefined || ending.ranMs >= healthyAfter) return first;
  return Math.min(ending.backoffMs * 2, longestPause);
}

/** Whether a container that was running when the machine went down comes up again with it. */
export function startsAfterBoot(policy: RestartPolicy | undefined, stoppedByUser: boolean): boolean {
  if (policy?.name === 'always') return true;
  return policy?.name === 'unless-stopped' && !stoppedByUser;
}
