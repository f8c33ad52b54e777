import { closeSync, lstatSync, lutimesSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { throwIfAborted } from '../../errors.ts';
import { preloadNative, unmount } from '../kernel/index.ts';
import type { Lease, Leases, Root } from '../store/index.ts';
import { storageDriver } from './drivers/choose-storage.ts';
import type { StorageChoice, StorageDriver, TreePlace } from './drivers/types.ts';
import { hashTree } from './hash-tree.ts';
import type { Layers } from './layers.ts';
import { requireMarks } from './overlay-rights.ts';
import { spreadFolders } from './spread-folders.ts';
import type { Trash } from './trash.ts';
import { walkTree } from './tree-tar.ts';
import type { HeldLayer, StagedLayer } from './types.ts';
import { opaqueXattr } from './whiteout.ts';
import { WrittenFiles } from './written-files.ts';

export interface StageOptions {
  readonly root: Root;
  readonly leases: Leases;
  readonly layers: Layers;
  readonly trash: Trash;
  /** With which driver trees are made. */
  readonly storage: () => Promise<StorageChoice>;
}

/**
 * Prepares a layer in `tmp/<lease>`. With parents a tree of them is opened; without any (or without `isTree`), the folder
 * itself is the target, which costs no mount. The lease is there before the folder and goes after it.
 */
export async function stageLayer(
  { root, leases, layers, trash, storage }: StageOptions,
  parents: readonly string[],
  signal: AbortSignal | undefined,
  isTree = parents.length > 0,
): Promise<InternalStage> {
  throwIfAborted(signal, 'staging a layer');
  requireMarks(root);
  const driver = isTree ? storageDriver(root, (await storage()).driver) : undefined;
  await spreadFolders(join(root.dataDir, 'tmp'));
  const holds = layers.holdAll(parents);
  const lease = leases.take('stage', '');
  const folder = join(root.dataDir, 'tmp', lease.id);
  const stage: Stage = { folder, parents, lease, holds, isTree };
  const [upper, merged] = [join(folder, 'upper'), join(folder, 'merged')];
  let target = upper;
  let opened: OpenedTree | undefined;
  try {
    mkdirSync(folder, { mode: 0o700 });
    mkdirSync(upper, { mode: 0o755 });
    if (driver !== undefined) {
      const place = layers.place({ layers: parents, upper, work: join(folder, 'work') });
      mkdirSync(place.work, { mode: 0o700 });
      mkdirSync(merged, { mode: 0o755 });
      // What is staged is lost with its process anyway, so that no step needs to wait for the disk but commit.
      target = await driver.open(place, { target: merged, disposable: true, signal });
      opened = { driver, place };
    }
  } catch (error) {
    await discard(stage, trash);
    throw error;
  }
  let ended = false;
  const written = new WrittenFiles();
  return {
    target,
    upper,
    detach: async () => {
      if (opened !== undefined) await unmount(merged);
    },
    wrote: (path, content) => written.add(path, content),
    commit: async (options = {}) => {
      const layer = await commit(stage, { root, layers, signal, opened, written, ...options });
      ended = true;
      await discard(stage, trash);
      return layer;
    },
    [Symbol.asyncDispose]: async () => {
      if (ended) return;
      ended = true;
      await discard(stage, trash);
    },
  };
}

interface InternalStage extends StagedLayer {
  commit(options?: { sourceDateEpoch?: number; isImport?: boolean }): Promise<HeldLayer>;
}

interface Stage {
  readonly folder: string;
  readonly parents: readonly string[];
  readonly lease: Lease;
  readonly holds: readonly Disposable[];
  readonly isTree: boolean;
}

interface OpenedTree {
  readonly driver: StorageDriver;
  readonly place: TreePlace;
}

interface CommitOptions {
  readonly root: Root;
  readonly layers: Layers;
  readonly signal: AbortSignal | undefined;
  readonly opened: OpenedTree | undefined;
  readonly written: WrittenFiles;
  readonly sourceDateEpoch?: number;
  /** Its opaque folders hide what lies in layers that are not known here: all marks are content. */
  readonly isImport?: boolean;
}

async function commit(stage: Stage, options: CommitOptions): Promise<HeldLayer> {
  const { root, layers, signal, opened } = options;
  if (opened !== undefined) await unmount(join(stage.folder, 'merged'));
  const upper = opened === undefined ? join(stage.folder, 'upper') : await changedIn(stage, opened);
  const native = await preloadNative();
  if (options.sourceDateEpoch !== undefined) capTimes(upper, options.sourceDateEpoch);
  const xattr = opaqueXattr(root);
  const parents = stage.parents.map(diffId => Buffer.from(`${layers.get(diffId).path}/`).toString('latin1'));
  const folder = openSync(upper, 'r');
  let marksTaken = false;
  try {
    const hashing = hashTree(upper, {
      native,
      opaqueXattr: xattr,
      contents: options.written,
      // Overlayfs may mark new folders too. Only where a parent has one does the mark mean anything.
      keepOpaque: (path, absolute) => {
        if (options.isImport || parents.some(parent => isFolder(parent + path))) return true;
        native.lremovexattr(absolute, xattr);
        marksTaken = true;
        return false;
      },
      ...(signal === undefined ? {} : { signal }),
    });
    // One syncfs: an fsync for each of 10 000 files would take ten seconds. The disk writes while they are hashed.
    const [hashed, synced] = await Promise.allSettled([hashing, native.syncfs(folder)]);
    if (hashed.status === 'rejected') throw hashed.reason;
    if (synced.status === 'rejected') throw synced.reason;
    if (marksTaken) await native.syncfs(folder);
    return layers.adopt(upper, hashed.value);
  } finally {
    closeSync(folder);
  }
}

async function changedIn({ folder }: Stage, { driver, place }: OpenedTree): Promise<string> {
  return await driver.changed(place, () => {
    const scratch = join(folder, 'changed');
    mkdirSync(scratch, { mode: 0o755 });
    return scratch;
  });
}

function isFolder(path: string): boolean {
  try {
    return lstatSync(Buffer.from(path, 'latin1'), { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    return false; // ENOTDIR: a parent has a file where this has a folder
  }
}

/** Makes the newest mtime of a layer `seconds`; later ones come from the clock, not from the sources. */
function capTimes(folder: string, seconds: number): void {
  for (const { absolute, stats } of walkTree(Buffer.from(folder).toString('latin1')))
    if (stats.mtimeMs > seconds * 1000) lutimesSync(absolute, seconds, seconds);
}

/** Unmounts and deletes all that is left of a stage, then gives its leases back. */
async function discard({ folder, lease, holds, isTree }: Stage, trash: Trash): Promise<void> {
  if (isTree) await unmount(join(folder, 'merged'), { lazy: true });
  await trash.delete(folder);
  lease.release();
  for (const hold of holds) hold[Symbol.dispose]();
}
