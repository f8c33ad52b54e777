import { createLeases, type Database } from '../../store/index.ts';
import type { DiskCategory } from '../types.ts';
import type { Owner } from './owners.ts';
import type { PartedLayers } from './part-layers.ts';

/** Something with a size on disk. */
export type Sized = { readonly sizeBytes: number };

/** A unit of the root, what it takes on disk, and to what it belongs. */
export type Owned = { readonly unit: string; readonly bytes: number; readonly owner: Owner };

/** Bytes of all of them. */
export function total(sized: readonly Sized[]): number {
  return sized.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** Containers: those that run are active, what others take can be had back. */
export function containerCategory(
  db: Database,
  containers: readonly { id: string; sizeBytes: number }[],
): DiskCategory {
  const busy = new Set(
    db
      .all("SELECT id FROM containers WHERE status IN ('running', 'paused', 'restarting')")
      .map(row => String(row.id)),
  );
  return {
    kind: 'containers',
    count: containers.length,
    active: containers.filter(({ id }) => busy.has(id)).length,
    sizeBytes: total(containers),
    reclaimableBytes: total(containers.filter(({ id }) => !busy.has(id))),
  };
}

/** Volumes: active while a container has them. */
export function volumeCategory(
  db: Database,
  volumes: readonly { name: string; sizeBytes: number }[],
): DiskCategory {
  const used = new Set(db.all('SELECT volume FROM volume_uses').map(row => String(row.volume)));
  return {
    kind: 'volumes',
    count: volumes.length,
    active: volumes.filter(({ name }) => used.has(name)).length,
    sizeBytes: total(volumes),
    reclaimableBytes: total(volumes.filter(({ name }) => !used.has(name))),
  };
}

/** The build cache: layers that no image has, and the folders of cache mounts. */
export function cacheCategory(db: Database, mounts: readonly Owned[], parted: PartedLayers): DiskCategory {
  const leases = createLeases({ db, clock: Date.now });
  const isTaken = ({ owner }: Owned) =>
    owner.kind === 'mount' && (leases.isHeld('mount', owner.dir) || leases.isHeld('mount-alone', owner.dir));
  const taken = mounts.filter(isTaken);
  const records = Number(db.get('SELECT count(*) AS count FROM build_cache')?.count ?? 0);
  const sizeBytes = parted.cache + bytesOf(mounts);
  return {
    kind: 'cache',
    count: records + mounts.length,
    active: taken.length,
    sizeBytes,
    reclaimableBytes: sizeBytes - parted.heldCache - bytesOf(taken),
  };
}

function bytesOf(owned: readonly Owned[]): number {
  return owned.reduce((sum, { bytes }) => sum + bytes, 0);
}
