import type { StoredState } from './records.ts';
import { longestPause } from './restart-policy.ts';
import { startContainer } from './start.ts';
import { type World, withContainerLock } from './world.ts';

/**
 * Starts a container whose restart policy wants it to be, if the pause before that is over. Safe to call by several:
 * one starts it. Gives `started`, the milliseconds that are left, or undefined if it is not to be restarted (any more).
 */
export function restartIfDue(world: World, id: string): Promise<'started' | number | undefined> {
  return withContainerLock(world, id, async () => {
    const record = world.records.byId(id);
    if (record?.state.status !== 'restarting') return undefined;
    const left = pauseLeft(record.state, world.clock());
    if (left > 0) return left;
    await startContainer(world, record, { restart: true });
    return 'started';
  });
}

/**
 * Milliseconds until the next start of a container that waits for it; none where more than the longest pause would be
 * left, as the clock was set back meanwhile. Negative: since when it is due.
 */
export function pauseLeft({ restartAt = 0 }: Pick<StoredState, 'restartAt'>, now: number): number {
  const left = restartAt - now;
  return left > longestPause ? 0 : left;
}
