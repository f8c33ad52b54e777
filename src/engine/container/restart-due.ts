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
    const left = (record.state.restartAt ?? 0) - world.clock();
    // A pause never exceeds a minute: more is a clock that was set back.
    if (left > 0 && left <= 60_000) return left;
    await startContainer(world, record, { restart: true });
    return 'started';
  });
}
