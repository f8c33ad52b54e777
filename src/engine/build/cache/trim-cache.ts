import { diskBytes, type SnapshotService } from '../../snapshot/index.ts';
import { createLeases, type Database } from '../../store/index.ts';
import type { BuildImages } from '../build-images.ts';
import type { CacheLimits } from '../types.ts';
import { bytesToKeep, type DiskSpace } from './cache-limits.ts';
import type { CacheMounts } from './cache-mounts.ts';
import { type Evictable, evictableLayers, inOrderOfEviction } from './eviction-order.ts';
import { measureOwn, type OwnLayer, ownLayers } from './own-layers.ts';

export interface TrimOptions {
  readonly db: Database;
  readonly snapshots: Pick<SnapshotService, 'layer'>;
  readonly cacheMounts: CacheMounts;
  readonly images: Pick<BuildImages, 'layersOfImages' | 'freeLayers'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly disk: () => DiskSpace;
}

/** What a cache lost. */
export interface CacheTrimmed {
  readonly layers: number;
  readonly mounts: number;
  readonly reclaimedBytes: number;
  /** How long the last one of it had not been used, in milliseconds. */
  readonly unusedMs: number;
  /** How much may be left. */
  readonly keptBytes: number;
}

/**
 * Brings a cache within its limits; undefined where nothing had to go. What was used at or after `since` stays, as does
 * what a build of a living process needs. Costs next to nothing while all is well: a look at the disk, then one at the
 * records; files are measured only where these leave it open.
 */
export async function trimCache(
  options: TrimOptions,
  limits: CacheLimits,
  since: number,
): Promise<CacheTrimmed | undefined> {
  trimRecords(options.db, since);
  const { sizeBytes, freeBytes } = options.disk();
  const keepOf = (usedBytes: number) => bytesToKeep(limits, { usedBytes, freeBytes: () => freeBytes });
  const isWithin = (usedBytes: number) => usedBytes <= (keepOf(usedBytes) ?? usedBytes);
  if (isWithin(sizeBytes - freeBytes)) return undefined; // not even the whole disk holds as much
  await measureMounts(options);
  const mountBytes = () => sum(options.cacheMounts.list().map(({ measuredBytes }) => measuredBytes));
  const guessed = ownLayers(options.db, options.images.layersOfImages());
  if (isWithin(bytesOf(guessed) + mountBytes())) return undefined;
  for (const { diffId, isMeasured } of guessed) if (!isMeasured) await measureOwn(options, diffId);
  const layers = ownLayers(options.db, options.images.layersOfImages());
  const usedBytes = bytesOf(layers) + mountBytes();
  const keptBytes = keepOf(usedBytes) ?? usedBytes;
  return usedBytes <= keptBytes
    ? undefined
    : await evict(options, { layers, since, keptBytes, excess: usedBytes - keptBytes });
}

async function evict(
  options: TrimOptions,
  {
    layers,
    since,
    keptBytes,
    excess,
  }: { layers: OwnLayer[]; since: number; keptBytes: number; excess: number },
): Promise<CacheTrimmed | undefined> {
  const { db, cacheMounts, images, clock } = options;
  const own = new Map(layers.map(({ diffId, bytes }) => [diffId, bytes]));
  const rows = db.all(
    `SELECT key, diff_id, last_used, inputs ->> '$.parents' AS parents FROM build_cache
     WHERE diff_id IS NOT NULL`,
  );
  const mounts = cacheMounts.list();
  const sizes = new Map([...own, ...mounts.map(({ id, measuredBytes }) => [id, measuredBytes] as const)]);
  const candidates = [
    ...evictableLayers(rows).filter(({ id }) => own.has(id)),
    ...mounts.map(({ id, lastUsed }) => ({ id, lastUsed, kind: 'mount' as const, records: [], depth: 0 })),
  ].filter(({ lastUsed }) => lastUsed < since);
  const gone: Evictable[] = [];
  let left = excess;
  let reclaimedBytes = 0;
  for (const each of inOrderOfEviction(candidates, clock())) {
    if (left <= 0) break;
    const bytes = sizes.get(each.id) ?? 0;
    if (bytes === 0 || !(await isForgotten(options, each))) continue;
    if (each.kind === 'mount') reclaimedBytes += bytes;
    left -= bytes;
    gone.push(each);
  }
  if (gone.length === 0) return undefined;
  const freed = gone.filter(({ kind }) => kind === 'layer').map(({ id }) => id);
  reclaimedBytes += (await images.freeLayers(freed)).reclaimedBytes;
  const unusedMs = clock() - Math.max(...gone.map(({ lastUsed }) => lastUsed));
  return { layers: freed.length, mounts: gone.length - freed.length, reclaimedBytes, unusedMs, keptBytes };
}

/** Takes the records of a layer away, or a mount whole, unless somebody has begun to use it meanwhile. */
async function isForgotten({ db, cacheMounts, clock }: TrimOptions, each: Evictable): Promise<boolean> {
  if (each.kind === 'mount') return await cacheMounts.remove(each.id, each.lastUsed);
  const leases = createLeases({ db, clock });
  const ofWorks = "SELECT 1 FROM works, json_each(works.record, '$.layers') WHERE value = ?";
  return db.transaction(() => {
    if (leases.isHeld('layer', each.id) || db.get(ofWorks, each.id) !== undefined) return false;
    const now = db.all('SELECT key, last_used FROM build_cache WHERE diff_id = ?', each.id);
    const known = new Map(each.records.map(({ key, lastUsed }) => [key, lastUsed]));
    if (now.some(row => known.get(String(row.key)) !== row.last_used)) return false;
    db.run('DELETE FROM build_cache WHERE diff_id = ?', each.id);
    return true;
  });
}

const mostRecordBytes = 64 * 1024 * 1024;

/**
 * Records without a layer (digests of copied files, steps that change nothing) take room in the database alone, where
 * 10,000 copied files are half a megabyte of text.
 */
function trimRecords(db: Database, since: number): void {
  const pages = Number(db.get('PRAGMA page_count')?.page_count ?? 0);
  const pageBytes = Number(db.get('PRAGMA page_size')?.page_size ?? 0);
  if (pages * pageBytes < 2 * mostRecordBytes) return;
  db.run(
    `DELETE FROM build_cache WHERE last_used < ? AND key IN (
       SELECT key FROM (
         SELECT key, sum(octet_length(inputs)) OVER (ORDER BY last_used DESC, key) AS upto
         FROM build_cache WHERE diff_id IS NULL
       ) WHERE upto > ?)`,
    ...[since, mostRecordBytes],
  );
}

async function measureMounts({ cacheMounts, clock }: TrimOptions): Promise<void> {
  for (const { id, folder, isMeasured } of cacheMounts.list()) {
    if (isMeasured) continue;
    const time = clock();
    cacheMounts.measured(id, await diskBytes(folder), time);
  }
}

function bytesOf(layers: readonly OwnLayer[]): number {
  return sum(layers.map(({ bytes }) => bytes));
}

function sum(all: readonly number[]): number {
  return all.reduce((total, bytes) => total + bytes, 0);
}
