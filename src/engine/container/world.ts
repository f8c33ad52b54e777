import { join, posix } from 'node:path';
import type { ImageProcessConfig } from '../../oci/index.ts';
import type { EventActions, EventService } from '../events/index.ts';
import type { ImageStore } from '../image/index.ts';
import { takeLock, withLock } from '../kernel/index.ts';
import type { NetworkService } from '../network/index.ts';
import { pathOfCgroup, type Runtime } from '../runtime/index.ts';
import type { KeptTree, SnapshotService } from '../snapshot/index.ts';
import type { Database, Root } from '../store/index.ts';
import type { VolumeService } from '../volume/index.ts';
import type { ExecRecords } from './exec/exec-records.ts';
import type { Keeper } from './keeper/keeper.ts';
import type { ContainerRecord, Records, StoredState } from './records.ts';

/** What the verbs of containers work with. */
export interface World {
  readonly root: Root;
  readonly db: Database;
  readonly records: Records;
  readonly execs: ExecRecords;
  readonly events: EventService;
  readonly images: Pick<ImageStore, 'resolve' | 'create'>;
  readonly snapshots: Pick<SnapshotService, 'mount' | 'unmount' | 'changes' | 'capture' | 'storage'>;
  /** A config after Dockerfile instructions that change no file. */
  readonly applyChanges: (config: ImageProcessConfig, changes: readonly string[]) => ImageProcessConfig;
  readonly networks: NetworkService;
  readonly volumes: VolumeService;
  /** Found at first use; throws `unavailable` if none is installed. */
  readonly runtime: () => Runtime;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly keeper: Keeper;
  /** True while the machine goes down and ends what runs. */
  readonly isGoingDown: () => Promise<boolean>;
  /** The command line that is plimsoll itself, for what a monitor starts; empty: nothing is started. */
  readonly self: readonly string[];
}

/** Where the parts of one container are. */
export interface ContainerPaths {
  /** Survives a reboot: changes to the image, the log, the files that are bound over /etc. */
  readonly data: string;
  readonly upper: string;
  readonly work: string;
  readonly log: string;
  /** Of one run: config.json, the attach socket, the control pipe, pid files. Short, for sun_path's 108 bytes. */
  readonly bundle: string;
  readonly rootfs: string;
  /** conmon's control pipe. */
  readonly control: string;
  /** Names the run that is not settled yet; the exit command works only for the run it was started for. */
  readonly run: string;
  /** Process (pid and start time) that has promised to settle this run when it ends. */
  readonly attended: string;
  /** Memory that others may share as their /dev/shm, where the run has such. */
  readonly shm: string;
  /** What the keeper works with and writes, where the run has a health check. */
  readonly health: string;
  readonly exitFile: string;
  /** What the OCI runtime keeps of it while it exists. */
  readonly runtimeState: string;
  readonly persist: string;
  readonly cgroup: string;
}

/** The root filesystem of a container, as it is kept. */
export function treeOf(root: Root, { id, resolved }: Pick<ContainerRecord, 'id' | 'resolved'>): KeptTree {
  const { upper, work } = pathsOf(root, id);
  return { layers: resolved.layers, upper, work, driver: resolved.driver };
}

/** Words put together, not `join`: that looks at each letter, and a command asks for these paths a dozen times. */
export function pathsOf(root: Root, id: string): ContainerPaths {
  const { dataDir, runDir } = root;
  const data = `${dataDir}/containers/${id}`;
  const bundle = `${runDir}/containers/${id}`;
  return {
    data,
    upper: `${data}/upper`,
    work: `${data}/work`,
    log: `${data}/ctr.log`,
    bundle,
    rootfs: `${bundle}/rootfs`,
    control: `${bundle}/ctl`,
    run: `${bundle}/run`,
    attended: `${bundle}/attended`,
    shm: `${bundle}/shm`,
    health: `${bundle}/health`,
    runtimeState: `${runDir}/runtime/${id}`,
    exitFile: `${runDir}/exits/${id}`,
    persist: `${runDir}/persist/${id}`,
    cgroup: pathOfCgroup(root.id, id),
  };
}

/** The cgroup of a container, as in `ProcessRequest`: below the one that its spec names, else below the root's own. */
export function cgroupOf(root: Root, { id, spec }: Pick<ContainerRecord, 'id' | 'spec'>): string {
  if (!spec.cgroupParent) return pathOfCgroup(root.id, id);
  return posix.join('/', spec.cgroupParent, id);
}

/**
 * Runs `action` as the only operation on this container among all processes. Not re-entrant. Containers share 4096
 * lock files by their ids: one of its own could never be deleted without breaking the lock for those who wait.
 */
export function withContainerLock<T>(
  world: World,
  id: string,
  action: () => Promise<T>,
  options: { signal?: AbortSignal; timeoutMs?: number } = {},
): Promise<T> {
  return withLock(lockPath(world, id), action, options);
}

/** The same lock, held until it is disposed of. */
export function lockContainer(
  world: World,
  id: string,
  options: { signal?: AbortSignal } = {},
): Promise<Disposable> {
  return takeLock(lockPath(world, id), options);
}

function lockPath({ root }: World, id: string): string {
  return join(root.runDir, 'locks', id.slice(0, 3));
}

/** True while there is, or may be, a process. */
export function isLive({ status }: Pick<StoredState, 'status'>): boolean {
  return status === 'running' || status === 'paused';
}

/** Announces something about a container, with docker's attributes: image, name, labels. */
export function announce(
  world: World,
  { id, name, imageName, resolved }: ContainerRecord,
  action: EventActions['container'],
  more: Readonly<Record<string, string>> = {},
): void {
  world.events.emit('container', action, id, { ...resolved.labels, image: imageName, name, ...more });
}
