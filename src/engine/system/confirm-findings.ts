import { setTimeout as sleep } from 'node:timers/promises';
import type { Finding } from './finding.ts';

/** One part of the check; it can be asked again. */
export type Look = () => Promise<readonly Finding[]> | readonly Finding[];

/**
 * Asks each part, and those that found something again after each pause: trouble is only what every look finds. Others
 * are at work on a busy root: a process has ended and its end is not recorded yet, a folder goes and then its row.
 */
export async function confirmFindings(
  looks: readonly Look[],
  { pausesMs, signal }: { readonly pausesMs: readonly number[]; readonly signal?: AbortSignal | undefined },
): Promise<Finding[]> {
  let suspected: { readonly look: Look; readonly found: readonly Finding[] }[] = [];
  for (const look of looks) suspected.push({ look, found: await look() });
  for (const pause of pausesMs) {
    suspected = suspected.filter(({ found }) => found.length > 0);
    if (suspected.length === 0) return [];
    await sleep(pause, undefined, signal === undefined ? {} : { signal });
    const again: typeof suspected = [];
    for (const { look, found } of suspected) again.push({ look, found: both(found, await look()) });
    suspected = again;
  }
  return suspected.flatMap(({ found }) => found);
}

/** What the later look found that the earlier one had found, too. */
function both(earlier: readonly Finding[], later: readonly Finding[]): Finding[] {
  const known = new Set(earlier.map(keyOf));
  return later.filter(each => known.has(keyOf(each)));
}

function keyOf({ problem: { area, subject, problem } }: Finding): string {
  return JSON.stringify([area, subject, problem]);
}
