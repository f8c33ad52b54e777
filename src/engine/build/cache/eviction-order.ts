import type { Row } from '../../store/index.ts';

/** A layer with the records that name it, or a cache mount, as the order of their going needs them. */
export interface Evictable {
  /** DiffID, or id of the mount. */
  readonly id: string;
  readonly kind: 'layer' | 'mount';
  /** Of a layer: the keys of its records, with the time of their last use. */
  readonly records: readonly { readonly key: string; readonly lastUsed: number }[];
  /** Of a layer: also when a later one was used, which is worth nothing without it. Milliseconds since the epoch. */
  readonly lastUsed: number;
  /** How many layers it stands on. */
  readonly depth: number;
}

/** BuildKit's `keepDuration` for what is made again most easily. */
const fresh = 48 * 60 * 60 * 1000;

/** Layers out of rows with `key`, `diff_id`, `last_used` and `parents` (JSON, or NULL). */
export function evictableLayers(rows: readonly Row[]): Evictable[] {
  const used = new Map<string, number>();
  const use = (diffId: string, time: number) => used.set(diffId, Math.max(time, used.get(diffId) ?? 0));
  const layers = new Map<string, { records: { key: string; lastUsed: number }[]; depth: number }>();
  for (const row of rows) {
    const [id, lastUsed] = [String(row.diff_id), Number(row.last_used)];
    const parents = JSON.parse(String(row.parents ?? '[]')) as readonly string[];
    for (const diffId of [id, ...parents]) use(diffId, lastUsed);
    const layer = layers.get(id) ?? { records: [], depth: 0 };
    layer.records.push({ key: String(row.key), lastUsed });
    layer.depth = Math.max(layer.depth, parents.length);
    layers.set(id, layer);
  }
  return [...layers].map(([id, layer]) => ({ id, kind: 'layer', ...layer, lastUsed: used.get(id) ?? 0 }));
}

/**
 * What goes first: cache mounts that nobody has used for two days, since their content comes again by itself; then
 * whatever was used least recently, and of layers of one build the uppermost, which no other needs.
 */
export function inOrderOfEviction(all: readonly Evictable[], now: number): Evictable[] {
  const isStale = ({ kind, lastUsed }: Evictable) => kind === 'mount' && lastUsed <= now - fresh;
  return all.toSorted(
    (a, b) => Number(isStale(b)) - Number(isStale(a)) || a.lastUsed - b.lastUsed || b.depth - a.depth,
  );
}
