import { setImmediate } from 'node:timers/promises';
import { throwIfAborted } from '../../../errors.ts';

/**
 * Lets long synchronous work on many small files yield: `await pause()` between files costs next to nothing until
 * `sliceMs` have passed, then lets timers, input and drawing run. Throws `cancelled` once the signal has fired.
 */
export function createPause(signal: AbortSignal | undefined, sliceMs = 8): () => Promise<void> | undefined {
  let since = performance.now();
  return () => {
    throwIfAborted(signal, 'the build');
    if (performance.now() - since < sliceMs) return undefined;
    return setImmediate().then(() => {
      since = performance.now();
    });
  };
}
