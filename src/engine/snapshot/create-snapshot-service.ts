import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { joined } from '../../lib/joined.ts';
import { mountsBelow, type Native, preloadNative, unmount } from '../kernel/index.ts';
import { createLeases, type Database, type Root } from '../store/index.ts';
import { joinLayers } from './below.ts';
import { captureLayer } from './capture.ts';
import { withChanged } from './changed-folder.ts';
import { changesIn } from './changes.ts';
import { coverFolder } from './cover-folder.ts';
import { chooseStorage, storageDriver } from './drivers/choose-storage.ts';
import type { StorageChoice } from './drivers/types.ts';
import { followRecipe, hashRecipe } from './follow-recipe.ts';
import { hashTree } from './hash-tree.ts';
import { importLayer } from './import-layer.ts';
import { layerEntries } from './layer-entries.ts';
import { createLayers } from './layers.ts';
import { mergeLayers } from './merge-layers.ts';
import { beginMarks } from './overlay-rights.ts';
import { makeScratch } from './scratch.ts';
import { spreadFolders } from './spread-folders.ts';
import { type StageOptions, stageLayer } from './stage.ts';
import { sweep } from './sweep.ts';
import { createTrash } from './trash.ts';
import { tarOfTree } from './tree-tar.ts';
import type { HeldLayer, Layer, SnapshotService } from './types.ts';
import { unpackTar } from './unpack-tar.ts';
import { opaqueXattr } from './whiteout.ts';

/**
 * The snapshot service of a root: trees over unpacked layers, by the driver that works best, or that `PLIMSOLL_STORAGE`
 * of `env` names. `clock` is in milliseconds since the epoch.
 */
export function createSnapshotService({
  root,
  db,
  clock = Date.now,
  env = {},
}: {
  root: Root;
  db: Database;
  clock?: () => number;
  env?: Readonly<Record<string, string | undefined>>;
}): SnapshotService {
  const leases = createLeases({ db, clock });
  const trash = createTrash(root);
  const layers = createLayers({ root, db, leases, trash, clock });
  let chosen: Promise<StorageChoice> | undefined;
  const storage = ({ anew = false } = {}) => {
    if (anew || chosen === undefined) chosen = chooseStorage({ root, env, anew });
    return chosen;
  };
  const context: StageOptions = { root, leases, layers, trash, storage };
  beginMarks(root, () => db.get('SELECT 1 FROM layers LIMIT 1') === undefined);
  const attribute = opaqueXattr(root);
  const below = (diffIds: readonly string[], native: Native) => {
    const folders = diffIds.map(diffId => layers.get(diffId).path).reverse();
    return joinLayers(folders, { native, opaqueXattr: attribute });
  };
  return {
    layer: layers.find,
    hold: layers.hold,
    stage: (parents, options = {}) => stageLayer(context, parents, options.signal),
    importTar: (tar, options = {}) => importTar(context, tar, options.signal),
    importLayer: request => importLayer(context, request),
    exportTar: diffId => Readable.from(exportTar(layers.get(diffId), attribute), { objectMode: false }),
    mount: async ({ target, disposable, signal, driver = 'overlay', ...tree }) => {
      await spreadFolders(dirname(dirname(tree.upper))); // where the folders of all such trees are
      for (const folder of [tree.upper, tree.work, target]) mkdirSync(folder, { recursive: true });
      return await storageDriver(root, driver).open(layers.place(tree), { target, disposable, signal });
    },
    storage,
    changes: async folder => {
      const native = await preloadNative();
      return await withChanged(context, folder, upper =>
        changesIn({ ...folder, upper, native, opaqueXattr: attribute, below: below(folder.layers, native) }),
      );
    },
    capture: (folder, options = {}) => captureLayer(context, folder, options.signal),
    merge: request => mergeLayers(context, request),
    unmount: target => unmount(target, { lazy: true }),
    mounts: () => [root.dataDir, root.runDir].flatMap(mountsIn),
    entries: async function* (diffId) {
      const native = await preloadNative();
      yield* layerEntries(layers.get(diffId).path, { native, opaqueXattr: attribute });
    },
    layers: layers.all,
    removeLayer: layers.remove,
    cover: (folder, options = {}) => coverFolder(context, folder, options),
    scratch: async () => makeScratch(context),
    verifyLayer: async (diffId, options = {}) => {
      const { path, recipe } = layers.get(diffId);
      if (recipe !== undefined) return (await hashRecipe(recipe, path, options.signal)) === diffId;
      const native = await preloadNative();
      return (await hashTree(path, { native, opaqueXattr: attribute, ...options })).diffId === diffId;
    },
    sweep: () => sweep({ root, db, leases, layers, trash }),
  };
}

/** A folder may be a disk of its own, which is nobody's to take away. */
function mountsIn(folder: string): string[] {
  const itself = existsSync(folder) ? realpathSync(folder) : folder;
  return mountsBelow(folder).filter(target => target !== itself);
}

/** A layer from any tar of one; whatever goes wrong, nothing of it stays. */
async function importTar(
  context: StageOptions,
  source: Readable,
  signal: AbortSignal | undefined,
): Promise<HeldLayer> {
  await using staged = await stageLayer(context, [], signal);
  const abort = signal === undefined ? {} : { signal };
  await unpackTar(source, { folder: staged.target, opaqueXattr: opaqueXattr(context.root), ...abort });
  return await staged.commit({ isImport: true });
}

async function* exportTar({ path, recipe }: Layer, attribute: string): AsyncGenerator<Uint8Array> {
  if (recipe !== undefined) {
    yield* joined(followRecipe(recipe, path));
    return;
  }
  const native = await preloadNative();
  yield* joined(tarOfTree(path, { native, opaqueXattr: attribute }));
}
