import { setTimeout as sleep } from 'node:timers/promises';
import { throwIfAborted } from '../../../errors.ts';

export interface TurnOptions {
  readonly signal: AbortSignal;
  /** What the caller does meanwhile, as a noun phrase for the error. */
  readonly what: string;
  /** Called once if the first attempt fails. */
  readonly onWait?: (() => void) | undefined;
}

/**
 * Tries until an attempt gives something: at first after 10 ms, later four times a second. Others may be in other
 * processes, so that nobody can wake this one up. Throws `cancelled`.
 */
export async function takeTurn<T>(attempt: () => T | undefined, options: TurnOptions): Promise<T> {
  for (let pause = 10; ; pause = Math.min(pause * 1.5, 250)) {
    throwIfAborted(options.signal, options.what);
    const taken = attempt();
    if (taken !== undefined) return taken;
    if (pause === 10) options.onWait?.();
    await sleep(pause);
  }
}
