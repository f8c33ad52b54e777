import { statfsSync } from 'node:fs';
import type { SnapshotService } from '../../snapshot/index.ts';
import { createLeases, type Database, type Root } from '../../store/index.ts';
import type { BuildImages } from '../build-images.ts';
import type { BuildService, CacheLimits, CacheSettings } from '../types.ts';
import { cacheLimitsOf, type DiskSpace } from './cache-limits.ts';
import type { CacheMounts } from './cache-mounts.ts';
import { cacheUsage, selectRecords } from './cache-usage.ts';
import { layerBytes } from './layer-bytes.ts';
import { type CacheTrimmed, trimCache } from './trim-cache.ts';

/** What keeping a cache needs of the rest of the engine. */
export interface CacheKeeperOptions {
  readonly root: Root;
  readonly db: Database;
  readonly snapshots: Pick<SnapshotService, 'layer'>;
  readonly cacheMounts: CacheMounts;
  readonly images: Pick<BuildImages, 'layersOfImages' | 'freeLayers'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** What the user wants the limits to be, asked for when it is needed. */
  readonly settings?: (() => Promise<CacheSettings | undefined>) | undefined;
  /** The disk of the root. */
  readonly disk?: (() => DiskSpace) | undefined;
}

/** Lists what a build cache holds, and keeps it small. */
export interface CacheKeeper extends Pick<BuildService, 'cacheUsage' | 'pruneCache' | 'cacheLimits'> {
  /** Brings the cache within limits at the end of a build that began at `since`; see `trimCache`. */
  trim(limits: CacheLimits, since: number): Promise<CacheTrimmed | undefined>;
}

/** The keeper of the cache of a root. */
export function createCacheKeeper(options: CacheKeeperOptions): CacheKeeper {
  const { root, db, snapshots, cacheMounts, images, clock, settings } = options;
  const disk = options.disk ?? (() => diskOf(root.dataDir));
  const leases = createLeases({ db, clock });
  const list = () =>
    cacheUsage({
      db,
      mounts: cacheMounts.list(),
      imageLayers: images.layersOfImages(),
      isHeld: diffId => leases.isHeld('layer', diffId),
      layerBytes: diffId => layerBytes({ root, db, snapshots }, diffId),
    });
  const select = (
    records: Awaited<ReturnType<typeof list>>,
    selection: Parameters<typeof selectRecords>[1],
    idleOnly: boolean,
  ) => selectRecords(records, selection, { now: clock(), idleOnly, freeBytes: () => disk().freeBytes });
  return {
    cacheUsage: async selection => {
      const records = await list();
      return selection === undefined ? records : select(records, selection, false);
    },
    pruneCache: async (selection = {}) => {
      const chosen = select(await list(), selection, true);
      const folders = chosen.filter(({ kind }) => kind === 'mount');
      const rows = chosen.filter(({ kind }) => kind !== 'mount');
      const layers = new Set(rows.flatMap(({ layer }) => layer ?? []));
      let records = 0;
      db.transaction(() => {
        for (const { id, layer } of rows) {
          if (layer !== undefined && leases.isHeld('layer', layer)) continue; // a build has begun to use it
          records += db.run('DELETE FROM build_cache WHERE key = ?', id).changes;
        }
      });
      let { reclaimedBytes } = await images.freeLayers([...layers]);
      for (const { id, sizeBytes } of folders) {
        if (!(await cacheMounts.remove(id))) continue;
        records++;
        reclaimedBytes += sizeBytes;
      }
      return { records, reclaimedBytes };
    },
    cacheLimits: async () => cacheLimitsOf(disk(), await settings?.()),
    trim: (limits, since) => trimCache({ db, snapshots, cacheMounts, images, clock, disk }, limits, since),
  };
}

function diskOf(folder: string): DiskSpace {
  const { blocks, bavail, bfree, bsize } = statfsSync(folder);
  // As df reckons: without what only root may write.
  return { sizeBytes: (blocks - bfree + bavail) * bsize, freeBytes: bavail * bsize };
}
