/** How work is done beside other things. */
export interface SliceOptions {
  readonly signal: AbortSignal;
  /** Told which share (0..1) is done, once a slice. */
  readonly onProgress: (share: number) => void;
  /** How long everything else may wait for it, in milliseconds. */
  readonly sliceMs?: number;
}

/**
 * Does long work a slice at a time, so that whoever types is answered in between. The work yields the share that is done
 * wherever it may be left. Undefined if the signal fires before it is done.
 */
export async function inSlices<Result>(
  work: Generator<number, Result>,
  { signal, onProgress, sliceMs = 15 }: SliceOptions,
): Promise<Result | undefined> {
  for (;;) {
    const until = performance.now() + sliceMs;
    for (;;) {
      const { done, value } = work.next();
      if (done) return value;
      if (performance.now() < until) continue;
      onProgress(value);
      break;
    }
    await new Promise<void>(resolve => setImmediate(resolve));
    if (signal.aborted) return undefined;
  }
}

/** Does the same work at once. */
export function atOnce<Result>(work: Generator<number, Result>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}
