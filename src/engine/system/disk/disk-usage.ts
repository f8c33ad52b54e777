import type { Database, Root } from '../../store/index.ts';
import type { DiskCategory, DiskUsage, ImageUsage } from '../types.ts';
import { cacheCategory, containerCategory, type Owned, total, volumeCategory } from './categories.ts';
import { measureUnits, type UnitBytes } from './measure-units.ts';
import { type Owner, ownersOf } from './owners.ts';
import { partLayers } from './part-layers.ts';

export interface DiskParts {
  readonly root: Root;
  readonly db: Database;
}

/** Says of every byte of a root to what it belongs; see `SystemService.diskUsage`. */
export async function diskUsage({ root, db }: DiskParts, signal?: AbortSignal): Promise<DiskUsage> {
  const units = await measureUnits(root.dataDir, signal);
  return db.transaction(() => account(root, db, units)); // of one moment, as far as the records go
}

function account(root: Root, db: Database, units: UnitBytes): DiskUsage {
  const ownerOf = ownersOf(root, db);
  const owned = [...units].map(([unit, bytes]) => ({ unit, bytes, owner: ownerOf(unit) }));
  const layers = sumBy(owned, owner => (owner.kind === 'layer' ? owner.diffId : undefined));
  const documents = sumBy(owned, owner => (owner.kind === 'document' ? owner.digest : undefined));
  const images = imagesOf(db, layers, documents);
  const containers = named(
    sumBy(owned, owner => (owner.kind === 'container' ? owner.id : undefined)),
    'id',
  );
  const volumes = named(
    sumBy(owned, owner => (owner.kind === 'volume' ? owner.name : undefined)),
    'name',
  );
  const byKind = (kind: Owner['kind']) =>
    owned.reduce((sum, { bytes, owner }) => (owner.kind === kind ? sum + bytes : sum), 0);
  const parted = partLayers(db, layers, images);
  const orphans = [
    ...owned
      .filter(({ owner }) => owner.kind === 'orphan')
      .map(({ unit, bytes }) => ({ path: unit, sizeBytes: bytes })),
    ...parted.unnamed.map(diffId => ({ path: layerPath(db, diffId), sizeBytes: layers.get(diffId) ?? 0 })),
  ];
  const mounts = owned.filter(({ owner }) => owner.kind === 'mount');
  const plain = (kind: DiskCategory['kind'], sizeBytes: number, reclaimableBytes = 0): DiskCategory => ({
    ...{ kind, count: 0, active: 0, sizeBytes, reclaimableBytes },
  });
  const categories: DiskCategory[] = [
    {
      kind: 'images',
      count: images.length,
      active: images.filter(image => image.containers > 0).length,
      sizeBytes: parted.images + byKind('document'),
      reclaimableBytes: parted.unusedImages,
    },
    containerCategory(db, containers),
    volumeCategory(db, volumes),
    cacheCategory(db, mounts, parted),
    plain('downloads', byKind('download'), byKind('download')),
    plain('work', byKind('work') + parted.held),
    { ...plain('orphans', total(orphans), total(orphans)), count: orphans.length },
    plain('engine', byKind('engine')),
  ];
  const totalBytes = [...units.values()].reduce((sum, bytes) => sum + bytes, 0);
  return { root: root.dataDir, totalBytes, categories, images, containers, volumes, orphans };
}

function sumBy(owned: readonly Owned[], keyOf: (owner: Owner) => string | undefined): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { owner, bytes } of owned) {
    const key = keyOf(owner);
    if (key !== undefined) sums.set(key, (sums.get(key) ?? 0) + bytes);
  }
  return sums;
}

function named<K extends 'id' | 'name'>(sums: ReadonlyMap<string, number>, key: K) {
  return [...sums].map(
    ([name, sizeBytes]) => ({ [key]: name, sizeBytes }) as Record<K, string> & { sizeBytes: number },
  );
}

function imagesOf(
  db: Database,
  layers: ReadonlyMap<string, number>,
  documents: ReadonlyMap<string, number>,
): ImageUsage[] {
  const rows = db.all('SELECT id, manifest, layers FROM images').map(row => ({
    id: String(row.id),
    manifest: String(row.manifest),
    layers: [...new Set(JSON.parse(String(row.layers)) as string[])],
  }));
  const owners = new Map<string, number>();
  for (const diffId of rows.flatMap(row => row.layers)) owners.set(diffId, (owners.get(diffId) ?? 0) + 1);
  const bytesOf = (diffIds: readonly string[]) =>
    diffIds.reduce((sum, diffId) => sum + (layers.get(diffId) ?? 0), 0);
  return rows.map(row => {
    const shared = bytesOf(row.layers.filter(diffId => owners.get(diffId) !== 1));
    const own = bytesOf(row.layers.filter(diffId => owners.get(diffId) === 1));
    const papers = (documents.get(row.id) ?? 0) + (documents.get(row.manifest) ?? 0);
    const containers = Number(
      db.get('SELECT count(*) AS count FROM containers WHERE image = ?', row.id)?.count ?? 0,
    );
    return {
      id: row.id,
      sizeBytes: shared + own + papers,
      sharedBytes: shared,
      uniqueBytes: own + papers,
      containers,
    };
  });
}

function layerPath(db: Database, diffId: string): string {
  return `layers/${db.get('SELECT dir FROM layers WHERE diff_id = ?', diffId)?.dir ?? diffId}`;
}
