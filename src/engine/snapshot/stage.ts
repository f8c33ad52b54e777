import { closeSync, lstatSync, lutimesSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { throwIfAborted } from '../../errors.ts';
import { mountOverlay, preloadNative, unmount } from '../kernel/index.ts';
import type { Lease, Leases, Root } from '../store/index.ts';
import { type Copied, copyLayers, moveChanges } from './copied-stage.ts';
import { hashTree } from './hash-tree.ts';
import type { Layers } from './layers.ts';
import { disposableOverlayOptions } from './overlay-options.ts';
import { mayMount, requireMarks } from './overlay-rights.ts';
import type { Trash } from './trash.ts';
import { walkTree } from './tree-tar.ts';
import type { HeldLayer, StagedLayer } from './types.ts';
import { opaqueXattr } from './whiteout.ts';

export interface StageOptions {
  readonly root: Root;
  readonly leases: Leases;
  readonly layers: Layers;
  readonly trash: Trash;
}

/**
 * Prepares a layer in `tmp/<lease>`. With parents an overlay is mounted; without any (or without `overlay`), the folder
 * itself is the target, which costs no mount. The lease is there before the folder and goes after it.
 */
export async function stageLayer(
  { root, leases, layers, trash }: StageOptions,
  parents: readonly string[],
  signal: AbortSignal | undefined,
  overlay = parents.length > 0,
): Promise<InternalStage> {
  throwIfAborted(signal, 'staging a layer');
  requireMarks(root);
  const holds = layers.holdAll(parents);
  const lease = leases.take('stage', '');
  const folder = join(root.dataDir, 'tmp', lease.id);
  const isCopied = overlay && !mayMount();
  const stage: Stage = { folder, parents, lease, holds, overlay: overlay && !isCopied, isCopied };
  let copied: Copied | undefined;
  try {
    makeFolders(stage);
    if (stage.overlay) await mountStage(stage, root, layers);
    else if (isCopied)
      copied = await copyLayers({ ...placeOf(stage, layers), opaqueXattr: opaqueXattr(root), signal });
  } catch (error) {
    await discard(stage, trash);
    throw error;
  }
  let ended = false;
  const target = stage.overlay || isCopied ? join(folder, 'merged') : join(folder, 'upper');
  return {
    target,
    upper: isCopied ? target : join(folder, 'upper'),
    detach: async () => {
      if (stage.overlay) await unmount(join(folder, 'merged'));
    },
    commit: async (options = {}) => {
      if (copied !== undefined) {
        await moveChanges(copied, { ...placeOf(stage, layers), upper: join(folder, 'upper') });
      }
      const layer = await commit(stage, { root, layers, signal, ...options });
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
  readonly overlay: boolean;
  /** In place of an overlay, for who may not mount one. */
  readonly isCopied: boolean;
}

function placeOf({ folder, parents }: Stage, layers: Layers) {
  return { layers: parents.map(diffId => layers.get(diffId).path), target: join(folder, 'merged') };
}

function makeFolders({ folder, overlay, isCopied }: Stage): void {
  mkdirSync(folder, { mode: 0o700 });
  mkdirSync(join(folder, 'upper'), { mode: 0o755 });
  if (overlay) mkdirSync(join(folder, 'work'), { mode: 0o700 });
  if (overlay || isCopied) mkdirSync(join(folder, 'merged'), { mode: 0o755 });
}

async function mountStage({ folder, parents }: Stage, root: Root, layers: Layers): Promise<void> {
  await mountOverlay({
    lowerBase: join(root.dataDir, 'layers'),
    lowers: parents.map(diffId => layers.folderName(diffId)).reverse(),
    upper: join(folder, 'upper'),
    work: join(folder, 'work'),
    target: join(folder, 'merged'),
    // What is staged is lost with its process anyway, so that no step needs to wait for the disk but commit.
    options: disposableOverlayOptions(root),
  });
}

interface CommitOptions {
  readonly root: Root;
  readonly layers: Layers;
  readonly signal: AbortSignal | undefined;
  readonly sourceDateEpoch?: number;
  /** Its opaque folders hide what lies in layers that are not known here: all marks are content. */
  readonly isImport?: boolean;
}

async function commit(stage: Stage, options: CommitOptions): Promise<HeldLayer> {
  const { root, layers, signal } = options;
  const upper = join(stage.folder, 'upper');
  if (stage.overlay) await unmount(join(stage.folder, 'merged'));
  const native = await preloadNative();
  if (options.sourceDateEpoch !== undefined) capTimes(upper, options.sourceDateEpoch);
  const xattr = opaqueXattr(root);
  const parents = stage.parents.map(diffId => Buffer.from(`${layers.get(diffId).path}/`).toString('latin1'));
  const opened = openSync(upper, 'r');
  try {
    const hashing = hashTree(upper, {
      native,
      opaqueXattr: xattr,
      // Overlayfs may mark new folders too. Only where a parent has one does the mark mean anything.
      keepOpaque: (path, absolute) => {
        if (options.isImport || parents.some(parent => isFolder(parent + path))) return true;
        native.lremovexattr(absolute, xattr);
        return false;
      },
      ...(signal === undefined ? {} : { signal }),
    });
    const hashed = await hashing;
    // One syncfs: an fsync for each of 10 000 files would take ten seconds. It follows the hashing, which may have
    // taken marks away.
    await native.syncfs(opened);
    return layers.adopt(upper, hashed);
  } finally {
    closeSync(opened);
  }
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
async function discard({ folder, lease, holds, overlay }: Stage, trash: Trash): Promise<void> {
  if (overlay) await unmount(join(folder, 'merged'), { lazy: true });
  await trash.delete(folder);
  lease.release();
  for (const hold of holds) hold[Symbol.dispose]();
}
