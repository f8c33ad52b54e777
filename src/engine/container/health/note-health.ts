import { killContainer, stopContainer, stopForRestart } from '../stop.ts';
import { announce, isLive, pathsOf, type World, withContainerLock } from '../world.ts';
import { readHealth } from './read-health.ts';
import type { HealthAction } from './types.ts';

/** A status that the keeper has found. */
export interface HealthNote {
  readonly id: string;
  /** The run that it is about: of another one nothing is known. */
  readonly run: string;
  readonly status: 'healthy' | 'unhealthy';
}

/**
 * Announces a change of health, once, and carries out what is to be done about an unhealthy container. Safe to call
 * again: what has been done already is not done twice.
 */
export async function noteHealth(world: World, { id, run, status }: HealthNote): Promise<void> {
  const action = await withContainerLock(world, id, async (): Promise<HealthAction> => {
    const record = world.records.byId(id);
    if (record === undefined || record.state.run !== run || !isLive(record.state)) return 'none';
    if (record.state.health?.status !== status) {
      const { failingStreak } = readHealth(pathsOf(world.root, id), { isKept: true });
      world.db.transaction(() => {
        world.records.saveState(id, { ...record.state, health: { status, failingStreak } });
        announce(world, record, `health_status: ${status}`);
      });
    }
    return status === 'unhealthy' ? (record.resolved.health?.onFailure ?? 'none') : 'none';
  });
  if (action === 'kill') await killContainer(world, world.records.find(id), 'SIGKILL', { byUser: false });
  if (action === 'stop') await stopContainer(world, id, {});
  if (action === 'restart') await stopForRestart(world, id);
}
