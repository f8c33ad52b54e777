import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { findMount, mountOverlay, mountsBelow, preloadNative, unmount } from '../kernel/index.ts';
import { createLeases, type Database, type Root } from '../store/index.ts';
import { hashTree } from './hash-tree.ts';
import { createLayers, emptyLayerName } from './layers.ts';
import { overlayOptions } from './overlay-options.ts';
import { stageLayer } from './stage.ts';
import { sweep } from './sweep.ts';
import { createTrash } from './trash.ts';
import { tarOfTree } from './tree-tar.ts';
import type { SnapshotService } from './types.ts';
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
}): Omit<SnapshotService, 'importTar'> {
  const leases = createLeases({ db, clock });
  const trash = createTrash(root);
  const layers = createLayers({ root, db, leases, trash, clock });
  const layersFolder = join(root.dataDir, 'layers');
  const attribute = opaqueXattr(root);
  return {
    layer: layers.find,
    hold: layers.hold,
    stage: (parents, options = {}) => stageLayer({ root, leases, layers, trash }, parents, options.signal),
    exportTar: diffId => {
      const folder = layers.get(diffId).path;
      return Readable.from(joined(folder, attribute), { objectMode: false });
    },
    mount: async ({ layers: diffIds, upper, work, target }) => {
      for (const folder of [upper, work, target]) mkdirSync(folder, { recursive: true });
      if (findMount(target)?.type === 'overlay') return;
      const lowers = diffIds.map(layers.folderName).reverse();
      if (lowers.length === 0) mkdirSync(join(layersFolder, emptyLayerName), { recursive: true });
      await mountOverlay({
        lowerBase: layersFolder,
        lowers: lowers.length === 0 ? [emptyLayerName] : lowers,
        upper,
        work,
        target,
        options: overlayOptions(root),
      });
    },
    unmount: target => unmount(target, { lazy: true }),
    mounts: () => [...mountsBelow(root.dataDir), ...mountsBelow(root.runDir)],
    removeLayer: layers.remove,
    verifyLayer: async (diffId, options = {}) => {
      const native = await preloadNative();
      const folder = layers.get(diffId).path;
      return (await hashTree(folder, { native, opaqueXattr: attribute, ...options })).diffId === diffId;
    },
    sweep: () => sweep({ root, db, leases, layers, trash }),
  };
}

/** The tar of a folder in pieces of at least 64 KiB, which a stream hands on more cheaply. */
async function* joined(folder: string, attribute: string): AsyncGenerator<Buffer> {
  const native = await preloadNative();
  let pieces: Buffer[] = [];
  let size = 0;
  for (const piece of tarOfTree(folder, { native, opaqueXattr: attribute })) {
    pieces.push(piece);
    size += piece.length;
    if (size < 64 * 1024) continue;
    yield Buffer.concat(pieces);
    [pieces, size] = [[], 0];
  }
  yield Buffer.concat(pieces);
}
