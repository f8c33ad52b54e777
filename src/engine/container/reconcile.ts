import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isPlimsollError } from '../../errors.ts';
import { bootId, cgroupsOfRoot, isAlive, namesIn } from '../kernel/index.ts';
import type { ContainerRecord, StoredState } from './records.ts';
import { deleteContainer } from './remove.ts';
import { pauseLeft, restartIfDue } from './restart-due.ts';
import { startsAfterBoot } from './restart-policy.ts';
import { settle } from './settle.ts';
import { finishStart, startContainer } from './start.ts';
import { takeDown } from './take-down.ts';
import { isLive, pathsOf, type World, withContainerLock } from './world.ts';

/** True if some container is not as its record says; costs a query and a few reads of /proc. */
export function needsReconciling(world: World): boolean {
  return suspects(world).length > 0;
}

/**
 * Brings containers and records in line again after a crash, a kill or a reboot: records ends that nobody recorded,
 * finishes starts and removals, takes down what a dead process had half started, and carries out restart policies that are due.
 * What another process is busy with is left to it. Returns how many it mended.
 */
export async function reconcile(world: World): Promise<number> {
  let mended = 0;
  for (const id of suspects(world)) {
    try {
      await withContainerLock(world, id, () => mend(world, id), { timeoutMs: 0 });
      const left = await restartIfDue(world, id);
      if (typeof left === 'number' && left < 1000) {
        await sleep(left); // its monitor may be dead: then nobody else would
        await restartIfDue(world, id);
      }
      mended++;
    } catch (error) {
      const busy = isPlimsollError(error) && error.code === 'LOCK_BUSY';
      if (!busy && !isPlimsollError(error)) throw error; // a start that fails is in the container's state
    }
  }
  return mended;
}

function suspects(world: World): string[] {
  const records = world.records.all(['running', 'paused', 'restarting', 'removing']);
  // The oldest first: a container that joins a namespace of another is younger than that one, and needs it to run.
  const lost = records
    .filter(record => isSuspect(world, record))
    .map(({ id }) => id)
    .reverse();
  const active = new Set(records.map(({ id }) => id));
  const leftovers = ['containers', 'runtime'].flatMap(name => idsIn(join(world.root.runDir, name)));
  const cgroups = cgroupsOfRoot(world.root.id).filter(isId);
  return [...new Set([...lost, ...[...leftovers, ...cgroups].filter(id => !active.has(id))])];
}

/** Folders named by a container; others belong to build steps. */
function idsIn(folder: string): string[] {
  return namesIn(folder).filter(isId);
}

function isId(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

function isSuspect(world: World, { id, state }: ContainerRecord): boolean {
  if (state.status === 'removing') return true;
  if (state.status === 'restarting') return isOverdue(state, world.clock());
  if (state.bootId !== bootId() || state.starting) return true;
  if (state.process === undefined || !isAlive(state.process)) return true;
  return existsSync(pathsOf(world.root, id).exitFile);
}

/** Whoever has promised to start it has had a second; or the clock was set back, and nobody will for longer than any pause. */
function isOverdue(state: StoredState, now: number): boolean {
  return (state.restartAt ?? 0) > now ? pauseLeft(state, now) === 0 : pauseLeft(state, now) < -1000;
}

async function mend(world: World, id: string): Promise<void> {
  const record = world.records.byId(id);
  if (record === undefined) return await takeDown(world, id);
  const { state, spec } = record;
  if (state.status === 'removing')
    return await deleteContainer(world, record, {
      volumes: state.removesVolumes ?? spec.autoRemove ?? false,
    });
  if (!isLive(state)) return state.status === 'restarting' ? undefined : await takeDown(world, id);
  const rebooted = state.bootId !== bootId();
  if (state.starting && !rebooted) await finishStart(world, record);
  await settle(world, world.records.byId(id) ?? record);
  const after = world.records.byId(id);
  if (!rebooted || after?.state.status !== 'exited') return;
  if (startsAfterBoot(spec.restart, state.stoppedByUser ?? false))
    await startContainer(world, after, { restart: true });
}
