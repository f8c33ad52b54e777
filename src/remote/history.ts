import type { Engine } from '../engine/index.ts';

/** An engine elsewhere keeps no history of what it used, and we keep none of it: there is nothing to read. */
export function createHistory(): Engine['history'] {
  return {
    record: () => ({ writes: false, add() {}, async [Symbol.asyncDispose]() {} }),
    usage: () => new Map(),
    chart: () => [],
  };
}
