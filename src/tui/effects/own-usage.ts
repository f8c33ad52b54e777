import type { State } from '../model/index.ts';

/** What this very process costs; measured between calls, every few seconds, and not at first: a start tells nothing. */
export function createOwnUsage(everyMs = 5000): () => State['own'] {
  let [cpu, time] = [process.cpuUsage(), performance.now()];
  let last: State['own'];
  return () => {
    const now = performance.now();
    if (now - time < everyMs) return last;
    const used = process.cpuUsage(cpu);
    const share = (used.user + used.system) / 1000 / Math.max(1, now - time);
    [cpu, time] = [process.cpuUsage(), now];
    last = { cpuPercent: share * 100, residentBytes: process.memoryUsage.rss() };
    return last;
  };
}
