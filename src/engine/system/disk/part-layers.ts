import { createLeases, type Database } from '../../store/index.ts';
import type { ImageUsage } from '../types.ts';

/** Layers by what names them: an image before the cache, the cache before a living process. */
export interface PartedLayers {
  /** Bytes of layers that images name; of these, those that only images without containers name. */
  readonly images: number;
  readonly unusedImages: number;
  /** Bytes of layers that only the cache names; of these, those that a build holds. */
  readonly cache: number;
  readonly heldCache: number;
  /** Bytes of layers that nothing names but a living process. */
  readonly held: number;
  readonly unnamed: readonly string[];
}

/** Parts the layers of a root, given what each takes on disk. */
export function partLayers(
  db: Database,
  layers: ReadonlyMap<string, number>,
  images: readonly ImageUsage[],
): PartedLayers {
  const leases = createLeases({ db, clock: Date.now });
  const used = new Set(images.filter(image => image.containers > 0).map(({ id }) => id));
  const inImages = new Set<string>();
  const inUsed = new Set<string>();
  for (const row of db.all('SELECT id, layers FROM images')) {
    for (const diffId of JSON.parse(String(row.layers)) as string[]) {
      inImages.add(diffId);
      if (used.has(String(row.id))) inUsed.add(diffId);
    }
  }
  const inCache = new Set(db.all('SELECT diff_id FROM build_cache').map(row => String(row.diff_id)));
  const ofWorks = "SELECT value FROM works, json_each(works.record, '$.layers')"; // working containers go on with them
  const inWorks = new Set(db.all(ofWorks).map(row => String(row.value)));
  const sums = { images: 0, unusedImages: 0, cache: 0, heldCache: 0, held: 0 };
  const unnamed: string[] = [];
  for (const [diffId, bytes] of layers) {
    const isHeld = leases.isHeld('layer', diffId) || inWorks.has(diffId);
    if (inImages.has(diffId)) {
      sums.images += bytes;
      if (!inUsed.has(diffId)) sums.unusedImages += bytes;
    } else if (inCache.has(diffId)) {
      sums.cache += bytes;
      if (isHeld) sums.heldCache += bytes;
    } else if (isHeld) sums.held += bytes;
    else unnamed.push(diffId);
  }
  return { ...sums, unnamed };
}
