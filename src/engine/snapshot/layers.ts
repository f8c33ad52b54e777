import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { PlimsollError } from '../../errors.ts';
import { digestHex } from '../../oci/index.ts';
import { syncDirectory } from '../kernel/index.ts';
import type { Database, Lease, Leases, Root, Row } from '../store/index.ts';
import { diskBytes } from './disk-bytes.ts';
import type { TreePlace } from './drivers/types.ts';
import type { Trash } from './trash.ts';
import type { HeldLayer, KeptTree, Layer, RemovedLayer } from './types.ts';

export interface LayersOptions {
  readonly root: Root;
  readonly db: Database;
  readonly leases: Leases;
  readonly trash: Trash;
  readonly clock: () => number;
}

/** A layer that is whole but not yet one of the root's. */
export interface NewLayer {
  readonly diffId: string;
  readonly fileBytes: number;
  readonly tarBytes: number;
  /** A file (durable too) that says how to put its tar together, if that is not the canonical one. */
  readonly recipe?: string;
}

/** The folders under `layers/` and their rows, kept in step: every change of both is one transaction. */
export interface Layers {
  find(diffId: string): Layer | undefined;
  /** Like `find`; throws `data-loss` (`LAYER_MISSING`). */
  get(diffId: string): Layer;
  /** The folders of a tree, as drivers take them. */
  place(tree: Pick<KeptTree, 'layers' | 'upper' | 'work'>): TreePlace;
  /** Leases a layer to this process. */
  hold(diffId: string): HeldLayer;
  /** Leases all of them, or none if one is missing. */
  holdAll(diffIds: readonly string[]): HeldLayer[];
  /** Makes `folder` (durable on disk already) the layer, unless it is there. Returns it leased. */
  adopt(folder: string, layer: NewLayer): HeldLayer;
  all(): Layer[];
  /** Forgets a layer and deletes its folder, unless a living process holds it or `isUsed` says so. */
  remove(diffId: string, isUsed?: (diffId: string) => boolean): Promise<RemovedLayer | undefined>;
  /** Deletes folders without a row. */
  sweep(): Promise<number>;
}

export function createLayers({ root, db, leases, trash, clock }: LayersOptions): Layers {
  const base = join(root.dataDir, 'layers');
  const recipes = join(root.dataDir, 'recipes');
  const rowOf = (diffId: string) => db.get('SELECT * FROM layers WHERE diff_id = ?', diffId);
  const toLayer = (row: Row): Layer => ({
    diffId: String(row.diff_id),
    path: join(base, String(row.dir)),
    sizeBytes: Number(row.size),
    tarBytes: Number(row.tar_size),
    ...(row.recipe === 1 ? { recipe: join(recipes, String(row.dir)) } : {}),
  });
  const get = (diffId: string): Layer => {
    const row = rowOf(diffId);
    if (row === undefined) throw missing(diffId);
    return toLayer(row);
  };
  const hold = (diffId: string) => db.transaction(() => held(get(diffId), leases.take('layer', diffId)));

  return {
    find: diffId => {
      const row = rowOf(diffId);
      return row && toLayer(row);
    },
    get,
    place: ({ layers, upper, work }) => {
      const lowers = layers.map(diffId => get(diffId).path.slice(base.length + 1)).reverse();
      if (lowers.length === 0) mkdirSync(join(base, emptyLayerName), { recursive: true });
      return { lowerBase: base, lowers: lowers.length === 0 ? [emptyLayerName] : lowers, upper, work };
    },
    hold,
    holdAll: diffIds => db.transaction(() => diffIds.map(hold)),
    adopt: (folder, { diffId, fileBytes, tarBytes, recipe }) =>
      db.transaction(() => {
        if (rowOf(diffId) !== undefined) return hold(diffId);
        const dir = freeName(db, diffId);
        // What a process left that died between the two steps below.
        if (existsSync(join(base, dir))) trash.take(join(base, dir));
        if (recipe !== undefined) {
          renameSync(recipe, join(recipes, dir));
          syncDirectory(recipes);
        }
        renameSync(folder, join(base, dir));
        syncDirectory(base);
        const isForeign = recipe === undefined ? 0 : 1;
        const sql =
          'INSERT INTO layers (diff_id, dir, size, tar_size, created, recipe) VALUES (?, ?, ?, ?, ?, ?)';
        db.run(sql, diffId, dir, fileBytes, tarBytes, clock(), isForeign);
        return hold(diffId);
      }),
    all: () => db.all('SELECT * FROM layers').map(toLayer),
    remove: async (diffId, isUsed = () => false) => {
      const layer = db.transaction(
        () => {
          const row = rowOf(diffId);
          if (row === undefined || leases.isHeld('layer', diffId) || isUsed(diffId)) return undefined;
          db.run('DELETE FROM layers WHERE diff_id = ?', diffId);
          return toLayer(row);
        },
        { durable: true },
      );
      if (layer === undefined) return undefined;
      const name = layer.path.slice(base.length + 1);
      const freedBytes = (await diskBytes(layer.path)) + (await diskBytes(join(recipes, name)));
      await sweepNames({ db, trash, base, recipes }, [name]);
      return { ...layer, freedBytes };
    },
    sweep: async () =>
      await sweepNames({ db, trash, base, recipes }, [...readdirSync(base), ...readdirSync(recipes)]),
  };
}

/** In `layers/`, for an image without layers: overlayfs wants at least one lower folder. */
const emptyLayerName = 'empty';

interface Folders {
  readonly db: Database;
  readonly trash: Trash;
  readonly base: string;
  readonly recipes: string;
}

async function sweepNames({ db, trash, base, recipes }: Folders, names: string[]): Promise<number> {
  // In a transaction, so that no other process is between a folder and its row.
  const count = db.transaction(() => {
    const orphans = [...new Set(names)].filter(
      name => name !== emptyLayerName && db.get('SELECT 1 FROM layers WHERE dir = ?', name) === undefined,
    );
    for (const name of orphans) for (const folder of [base, recipes]) trash.take(join(folder, name));
    return orphans.length;
  });
  if (count > 0) await trash.empty();
  return count;
}

/** Short, for the page of mount options; longer if another layer's digest begins alike. */
function freeName(db: Database, diffId: string): string {
  const hex = digestHex(diffId);
  for (let length = 12; length < hex.length; length += 4) {
    const name = hex.slice(0, length);
    if (db.get('SELECT 1 FROM layers WHERE dir = ?', name) === undefined) return name;
  }
  return hex;
}

function held(layer: Layer, lease: Lease): HeldLayer {
  return { ...layer, [Symbol.dispose]: () => lease.release() };
}

function missing(diffId: string): PlimsollError {
  return new PlimsollError('data-loss', `the layer ${diffId} is not in this root`, {
    code: 'LAYER_MISSING',
    hint: "run 'plimsoll system check' to see what is damaged, and build or bootstrap the image again",
    data: { diffId },
  });
}
