import { diskBytes } from '../../snapshot/index.ts';
import type { Database, Row } from '../../store/index.ts';
import type { CacheRecord, CacheSelection } from '../types.ts';
import { bytesToKeep } from './cache-limits.ts';
import type { CacheMountRecord } from './cache-mounts.ts';

/** What listing the cache needs to know of the rest of the engine. */
export interface CacheUsageOptions {
  readonly db: Database;
  readonly mounts: readonly CacheMountRecord[];
  /** DiffIDs that images name. */
  readonly imageLayers: ReadonlySet<string>;
  /** True while a build of a living process needs the layer. */
  readonly isHeld: (diffId: string) => boolean;
  /** What a layer takes on the disk. */
  readonly layerBytes: (diffId: string) => Promise<number>;
}

/**
 * Everything that the build cache of a root holds, least recently used first, with what it takes on the disk: all of its
 * files are looked at.
 */
export async function cacheUsage(options: CacheUsageOptions): Promise<CacheRecord[]> {
  const { db, mounts, layerBytes } = options;
  const rows = db.all(
    `SELECT key, step, diff_id, iif(step = 'files', NULL, inputs ->> '$.instruction') AS instruction, created, last_used
     FROM build_cache`,
  );
  const bytes = new Map<string, number>();
  for (const { diff_id: layer } of rows)
    if (layer !== null && !bytes.has(String(layer)))
      bytes.set(String(layer), await layerBytes(String(layer)));
  const records = rows.map(row => toRecord(row, bytes, options));
  for (const mount of mounts) records.push(await toMountRecord(mount));
  return records.sort((a, b) => a.lastUsed - b.lastUsed);
}

/**
 * The records that a selection means, of those that `cacheUsage` listed; with `idleOnly`, none that is in use. With
 * limits, the least recently used ones until these are kept by what is the cache's alone. `freeBytes`: on the disk.
 */
export function selectRecords(
  records: readonly CacheRecord[],
  selection: CacheSelection,
  {
    now,
    idleOnly,
    freeBytes,
  }: { readonly now: number; readonly idleOnly: boolean; readonly freeBytes: () => number },
): CacheRecord[] {
  const { unusedForMs, kinds, ids, layers } = selection;
  const wanted = records.filter(
    record =>
      !(idleOnly && record.inUse) &&
      (kinds?.includes(record.kind) ?? true) &&
      (ids?.some(id => record.id.startsWith(id)) ?? true) &&
      (layers?.includes(record.layer ?? '') ?? true) &&
      (unusedForMs === undefined || record.lastUsed <= now - unusedForMs),
  );
  let left = ownBytes(records);
  const keepBytes = bytesToKeep(selection, { usedBytes: left, freeBytes });
  if (keepBytes === undefined) return wanted;
  const holders = new Map<string, number>();
  for (const { layer = '' } of records) holders.set(layer, (holders.get(layer) ?? 0) + 1);
  return wanted.filter(({ shared, layer, sizeBytes }) => {
    if (left <= keepBytes || shared) return false;
    const others = layer === undefined ? 0 : (holders.get(layer) ?? 1) - 1;
    if (layer !== undefined) holders.set(layer, others);
    if (others === 0) left -= sizeBytes; // the last one that names the layer frees it
    return true;
  });
}

/** Bytes that would be free without these records: those of layers that no image has, each once, and of kept folders. */
function ownBytes(records: readonly CacheRecord[]): number {
  const own = records.filter(({ shared }) => !shared);
  const bytes = new Map(own.map(record => [record.layer ?? record.id, record.sizeBytes]));
  return [...bytes.values()].reduce((sum, size) => sum + size, 0);
}

function toRecord(
  row: Row,
  bytes: ReadonlyMap<string, number>,
  { imageLayers, isHeld }: CacheUsageOptions,
): CacheRecord {
  const layer = row.diff_id === null ? undefined : String(row.diff_id);
  const common = {
    id: String(row.key),
    sizeBytes: layer === undefined ? 0 : (bytes.get(layer) ?? 0),
    created: Number(row.created),
    lastUsed: Number(row.last_used),
  };
  if (row.step === 'files') {
    return { ...common, kind: 'digest', description: 'digest of copied files', inUse: false, shared: false };
  }
  return {
    ...common,
    kind: 'layer',
    description: describe(String(row.instruction)),
    inUse: layer !== undefined && isHeld(layer),
    shared: layer !== undefined && imageLayers.has(layer),
    ...(layer === undefined ? {} : { layer }),
  };
}

async function toMountRecord(mount: CacheMountRecord): Promise<CacheRecord> {
  return {
    id: mount.id,
    kind: 'mount',
    description: `cache mount ${mount.name}`,
    sizeBytes: await diskBytes(mount.folder),
    created: mount.created,
    lastUsed: mount.lastUsed,
    inUse: mount.inUse,
    shared: false,
  };
}

function describe(instruction: string): string {
  const words = JSON.parse(instruction) as readonly unknown[];
  return words.filter(word => typeof word === 'string').join(' ');
}
