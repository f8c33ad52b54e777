import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerRecord } from './records.ts';
import { takeDown } from './take-down.ts';
import { assertTransition } from './transitions.ts';
import { announce, pathsOf, type World } from './world.ts';

/**
 * Deletes a container that does not run, with its folder and, if asked, its anonymous volumes; call it under its lock.
 * `removing` is recorded first: a process that dies here leaves what the next one finishes.
 */
export async function deleteContainer(
  world: World,
  record: ContainerRecord,
  { volumes }: { volumes: boolean },
): Promise<void> {
  const { id, name, state } = record;
  assertTransition(name, state.status, 'removing');
  world.records.saveState(id, { ...state, status: 'removing', removesVolumes: volumes });
  await takeDown(world, id);
  await world.volumes.release(id, { removeAnonymous: volumes });
  deleteFolder(world, id);
  world.db.transaction(() => {
    world.records.delete(id);
    announce(world, record, 'destroy');
  });
}

/** Renamed first, so that a half-deleted folder is never taken for a container's. */
function deleteFolder({ root }: World, id: string): void {
  const { data } = pathsOf(root, id);
  const doomed = join(root.dataDir, 'tmp', `container-${id}`);
  rmSync(doomed, { recursive: true, force: true }); // maybe of one who died while he deleted it
  if (!existsSync(data)) return;
  renameSync(data, doomed);
  rmSync(doomed, { recursive: true, force: true });
}
