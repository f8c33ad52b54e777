import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database, Row } from '../../store/index.ts';
import type { CacheRecord, CacheSelection } from '../types.ts';
import type { CacheMountRecord } from './cache-mounts.ts';
import type { StepInputs } from './step-inputs.ts';

/** What listing the cache needs to know of the rest of the engine. */
export interface CacheUsageOptions {
  readonly db: Database;
  readonly mounts: readonly CacheMountRecord[];
  /** DiffIDs that images name. */
  readonly imageLayers: ReadonlySet<string>;
  /** True while a build of a living process needs the layer. */
  readonly isHeld: (diffId: string) => boolean;
}

/** Everything that the build cache of a root holds, least recently used first. Reads the sizes of kept folders. */
export async function cacheUsage(options: CacheUsageOptions): Promise<CacheRecord[]> {
  const { db, mounts } = options;
  const rows = db.all('SELECT key, step, diff_id, inputs, size, created, last_used FROM build_cache');
  const folders = await Promise.all(mounts.map(toMountRecord));
  return [...rows.map(row => toRecord(row, options)), ...folders].sort((a, b) => a.lastUsed - b.lastUsed);
}

/**
 * The records that a selection means, of those that `cacheUsage` listed; with `idleOnly`, none that is in use. With
 * `keepBytes`, the least recently used ones until no more than that is left.
 */
export function selectRecords(
  records: readonly CacheRecord[],
  selection: CacheSelection,
  { now, idleOnly }: { readonly now: number; readonly idleOnly: boolean },
): CacheRecord[] {
  const { keepBytes, unusedForMs, kinds, ids, layers } = selection;
  const wanted = records.filter(
    record =>
      !(idleOnly && record.inUse) &&
      (kinds?.includes(record.kind) ?? true) &&
      (ids?.some(id => record.id.startsWith(id)) ?? true) &&
      (layers?.includes(record.layer ?? '') ?? true) &&
      (unusedForMs === undefined || record.lastUsed <= now - unusedForMs),
  );
  if (keepBytes === undefined) return wanted;
  let left = totalBytes(records);
  return wanted.filter(record => {
    if (left <= keepBytes) return false;
    left -= record.sizeBytes;
    return true;
  });
}

/** Bytes of records; a layer that several records have counts once. */
function totalBytes(records: readonly CacheRecord[]): number {
  const bytes = new Map(records.map(record => [record.layer ?? record.id, record.sizeBytes]));
  return [...bytes.values()].reduce((sum, size) => sum + size, 0);
}

function toRecord(row: Row, { imageLayers, isHeld }: CacheUsageOptions): CacheRecord {
  const layer = row.diff_id === null ? undefined : String(row.diff_id);
  const common = {
    id: String(row.key),
    sizeBytes: Number(row.size),
    created: Number(row.created),
    lastUsed: Number(row.last_used),
  };
  if (row.step === 'files') {
    return { ...common, kind: 'digest', description: 'digest of copied files', inUse: false, shared: false };
  }
  return {
    ...common,
    kind: 'layer',
    description: describe(JSON.parse(String(row.inputs)) as StepInputs),
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
    sizeBytes: await folderBytes(mount.folder),
    created: mount.created,
    lastUsed: mount.lastUsed,
    inUse: mount.inUse,
    shared: false,
  };
}

function describe({ instruction }: StepInputs): string {
  const words = JSON.parse(instruction) as readonly unknown[];
  return words.filter(word => typeof word === 'string').join(' ');
}

/** Bytes of the regular files below a folder; what vanishes meanwhile counts nothing. */
async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0;
  }
  return bytes;
}
