import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { joined } from '../../lib/joined.ts';
import {
  findMount,
  mountOverlay,
  mountsBelow,
  type Native,
  preloadNative,
  unmount,
} from '../kernel/index.ts';
import { createLeases, type Database, type Root } from '../store/index.ts';
import { joinLayers } from './below.ts';
import { captureLayer } from './capture.ts';
import { changesIn } from './changes.ts';
import { coverFolder } from './cover-folder.ts';
import { followRecipe, hashRecipe } from './follow-recipe.ts';
import { hashTree } from './hash-tree.ts';
import { importLayer } from './import-layer.ts';
import { layerEntries } from './layer-entries.ts';
import { createLayers, emptyLayerName } from './layers.ts';
import { mergeLayers } from './merge-layers.ts';
import { disposableOverlayOptions, overlayOptions } from './overlay-options.ts';
import { beginMarks } from './overlay-rights.ts';
import { makeScratch } from './scratch.ts';
import { type StageOptions, stageLayer } from './stage.ts';
import { sweep } from './sweep.ts';
import { createTrash } from './trash.ts';
import { tarOfTree } from './tree-tar.ts';
import type { HeldLayer, Layer, SnapshotService } from './types.ts';
import { unpackTar } from './unpack-tar.ts';
import { opaqueXattr } from './whiteout.ts';

/** The snapshot service of a root: overlayfs over unpacked layers. `clock` is in milliseconds since the epoch. */
export function createSnapshotService({
  root,
  db,
  clock = Date.now,
}: {
  root: Root;
  db: Database;
  clock?: () => number;
}): SnapshotService {
  const leases = createLeases({ db, clock });
  const trash = createTrash(root);
  const layers = createLayers({ root, db, leases, trash, clock });
  const context: StageOptions = { root, leases, layers, trash };
  const layersFolder = join(root.dataDir, 'layers');
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
    mount: async ({ layers: diffIds, upper, work, target, disposable }) => {
      for (const folder of [upper, work, target]) mkdirSync(folder, { recursive: true });
      if (findMount(target)?.type === 'overlay') return;
      if (disposable) forgetUnwritten(work);
      const lowers = diffIds.map(layers.folderName).reverse();
      if (lowers.length === 0) mkdirSync(join(layersFolder, emptyLayerName), { recursive: true });
      await mountOverlay({
        lowerBase: layersFolder,
        lowers: lowers.length === 0 ? [emptyLayerName] : lowers,
        upper,
        work,
        target,
        options: disposable ? disposableOverlayOptions(root) : overlayOptions(root),
      });
    },
    changes: async folder => {
      const native = await preloadNative();
      return changesIn({ ...folder, native, opaqueXattr: attribute, below: below(folder.layers, native) });
    },
    capture: (folder, options = {}) => captureLayer(context, folder, options.signal),
    merge: request => mergeLayers(context, request),
    unmount: target => unmount(target, { lazy: true }),
    mounts: () => [...mountsBelow(root.dataDir), ...mountsBelow(root.runDir)],
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

/** Overlayfs marks changes that may never have reached the disk, and refuses them from then on. */
function forgetUnwritten(work: string): void {
  rmSync(join(work, 'work', 'incompat', 'volatile'), { recursive: true, force: true });
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
