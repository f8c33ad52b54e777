import { setTimeout as sleep } from 'node:timers/promises';
import type { StatsFrame, StatsService } from '../engine/index.ts';

/** What all containers use, for all clients that ask for the figures of one. */
export interface StatsFrames {
  /** Figures of this moment. */
  now(): Promise<StatsFrame | undefined>;
  /** Figures of this moment, then one frame a second. Ends when the signal fires. */
  follow(signal: AbortSignal): AsyncGenerator<StatsFrame>;
}

/** So old a frame is still of this moment: who asks for a hundred containers at once measures them once. */
const freshMs = 200;
/** The second frame that a client gets is so much later than its first, that their difference says something. */
const apartMs = 500;
const everyMs = 1000;
/** For so long after the last question what is read stays open, which makes the next answer five times cheaper. */
const warmMs = 5000;

/**
 * Frames that clients share. A frame has every container in it, and a client of docker asks for each container by itself:
 * measured for each of them, a hundred containers would cost ten thousand samples.
 */
export function createStatsFrames(stats: Pick<StatsService, 'stream'>): StatsFrames {
  let last: { readonly frame: StatsFrame; readonly at: number } | undefined;
  let source: { readonly frames: AsyncIterator<StatsFrame>; readonly end: AbortController } | undefined;
  let taking: Promise<StatsFrame | undefined> | undefined;
  let cooling: NodeJS.Timeout | undefined;
  const open = () => {
    const end = new AbortController();
    const stream = stats.stream({ intervalMs: freshMs, own: true, signal: end.signal }); // a frame is made when it is asked for
    return { frames: stream[Symbol.asyncIterator](), end };
  };
  const cool = () => {
    source?.end.abort();
    void source?.frames.return?.();
    source = undefined;
  };
  const take = async () => {
    source ??= open();
    const { value, done } = await source.frames.next();
    if (done) return undefined;
    last = { frame: value, at: performance.now() };
    clearTimeout(cooling);
    cooling = setTimeout(cool, warmMs).unref();
    return value;
  };
  const now = async () => {
    if (last !== undefined && performance.now() - last.at < freshMs) return last.frame;
    taking ??= take().finally(() => {
      taking = undefined;
    });
    return await taking;
  };
  return {
    now,
    async *follow(signal) {
      for (let apart = apartMs; ; apart = everyMs / 10) {
        const frame = await now();
        if (frame === undefined || signal.aborted) return;
        yield frame;
        // All at the same moments, whenever they have come: one frame is for all of them.
        const due = Math.ceil((performance.now() + apart) / everyMs) * everyMs;
        await sleep(due - performance.now(), undefined, { signal }).catch(() => {});
      }
    },
  };
}
