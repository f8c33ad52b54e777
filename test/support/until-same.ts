import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves with a value once it has stayed the same for so many milliseconds; the time limit of the run ends it. */
export async function untilSame<T>(read: () => T | Promise<T>, ms: number): Promise<T> {
  for (let last = await read(); ; ) {
    await sleep(ms);
    const now = await read();
    if (now === last) return now;
    last = now;
  }
}
