import { cancelled } from '../../../errors.ts';

/** A step as far as its order is concerned. */
export interface GraphStep {
  readonly id: number;
  readonly dependsOn: readonly number[];
}

export interface SolveOptions<S extends GraphStep, R> {
  /** Every step comes after those that it depends on. */
  readonly steps: readonly S[];
  /** How many run at once. */
  readonly jobs: number;
  readonly signal?: AbortSignal;
  readonly execute: (step: S, result: (id: number) => R, signal: AbortSignal) => Promise<R>;
}

/**
 * Carries out every step once, as soon as those it depends on are done, at most `jobs` at a time, earlier ones first.
 * The first failure cancels the rest; it is thrown after every running step has ended.
 */
export async function solveGraph<S extends GraphStep, R>(
  options: SolveOptions<S, R>,
): Promise<Map<number, R>> {
  const { steps, jobs, execute } = options;
  const results = new Map<number, R>();
  const waiting = new Set(steps);
  const running = new Set<Promise<void>>();
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  let failure: { readonly error: unknown } | undefined;
  const result = (id: number): R => {
    if (!results.has(id)) throw new RangeError(`step ${id} has no result yet`);
    return results.get(id) as R;
  };
  const begin = (step: S) => {
    waiting.delete(step);
    const run = execute(step, result, signal)
      .then(
        value => void results.set(step.id, value),
        (error: unknown) => {
          failure ??= { error };
          stop.abort();
        },
      )
      .finally(() => running.delete(run));
    running.add(run);
  };
  while (waiting.size > 0 || running.size > 0) {
    if (signal.aborted) failure ??= { error: cancelled('the build') };
    if (failure === undefined) {
      for (const step of waiting) {
        if (running.size >= jobs) break;
        if (step.dependsOn.every(id => results.has(id))) begin(step);
      }
    } else if (running.size === 0) break;
    if (running.size === 0) throw new RangeError('the steps wait for one another');
    await Promise.race(running);
  }
  if (failure !== undefined) throw failure.error;
  return results;
}
