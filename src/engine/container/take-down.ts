import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf } from '../../errors.ts';
import { namesIn } from '../kernel/index.ts';
import { cgroupFolder, clearCgroup, pathOfCgroup, removeCgroup } from '../runtime/index.ts';
import { settleExecs } from './exec/settle-execs.ts';
import { cgroupOf, pathsOf, type World } from './world.ts';

/**
 * Takes away all that a run of a container has in the kernel and in the run folder: processes, namespaces, addresses
 * and ports, mounts, cgroups, files. Does nothing for what is gone already. Call it under the container's lock.
 */
export async function takeDown(world: World, id: string): Promise<void> {
  await releaseKernel(world, id);
  removeRunFiles(world, id);
}

/** The part of `takeDown` in the kernel; the exit code stays, so that it can be recorded after this. */
export async function releaseKernel(world: World, id: string): Promise<void> {
  const paths = pathsOf(world.root, id);
  const record = world.records.byId(id);
  const cgroup = record === undefined ? paths.cgroup : cgroupOf(world.root, record);
  const traces = [paths.bundle, paths.runtimeState, cgroupFolder(cgroup, 'pids')];
  if (!traces.some(path => existsSync(path))) return;
  await Promise.all([
    ...(existsSync(paths.shm) ? [world.snapshots.unmount(paths.shm)] : []),
    ...(existsSync(paths.runtimeState) ? [world.runtime().delete(id)] : []), // there may be no runtime to ask
    world.networks.disconnect(id),
    removeMountPoint(world, paths.rootfs), // a process that is just being killed has the mounts of its own namespace
  ]);
  await clearCgroup(cgroup);
  await world.volumes.unmount(id);
}

/**
 * Unmounts, and takes the folder away without looking into it: a mount(8) that a killed process left running may still
 * come, and deleting through a mount would delete the container's own files. With the folder gone it cannot come.
 */
async function removeMountPoint(world: World, rootfs: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    await world.snapshots.unmount(rootfs);
    try {
      return rmdirSync(rootfs);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return;
      if (attempt === 20) throw error;
      await sleep(5);
    }
  }
}

/** The rest of it. `awaitsRestart`: keeps the names of the run and its attendant, for which the exit command looks. */
export function removeRunFiles(world: World, id: string, { awaitsRestart = false } = {}): void {
  const { exitFile, persist, bundle, run, attended } = pathsOf(world.root, id);
  settleExecs(world, id); // their exit codes go with the rest
  for (const path of [exitFile, persist]) rmSync(path, { recursive: true, force: true });
  const doomed = awaitsRestart ? filesIn(bundle).filter(path => path !== run && path !== attended) : [bundle];
  for (const path of doomed) rmSync(path, { recursive: true, force: true });
  removeParentCgroup(world);
}

/** The parent cgroup goes with the last run; while anything else starts or runs it stays. */
function removeParentCgroup({ root, keeper }: World): void {
  const busy = ['containers', 'runtime'].some(name => filesIn(join(root.runDir, name)).length > 0);
  if (busy) return;
  removeCgroup(pathOfCgroup(root.id));
  keeper.wake(); // it has nothing more to do
}

function filesIn(folder: string): string[] {
  return namesIn(folder).map(name => join(folder, name));
}
