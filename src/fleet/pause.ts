import { setTimeout } from 'node:timers/promises';

/** Waits, or until the signal fires. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
}

/** How long to wait before the next attempt: a second after the first failure, half a minute after many. */
export function patience(failures: number): number {
  return Math.min(30_000, 1000 * 2 ** Math.min(10, failures - 1));
}
