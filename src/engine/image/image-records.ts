import {
  fitsPlatform,
  formatReference,
  hostPlatform,
  type ImageConfig,
  isDigest,
  isIndexType,
  localCandidates,
  type Platform,
  parseImageConfig,
  type Reference,
} from '../../oci/index.ts';
import type { Blobs, Database, Row } from '../store/index.ts';

/** An image as the database has it. */
export interface ImageRecord {
  readonly id: string;
  readonly manifest: string;
  readonly layers: readonly string[];
  readonly sizeBytes: number;
  readonly created: number;
}

/** Reads images, their names and configs. Configs never change, so that one is read and proven only once. */
export interface ImageRecords {
  all(): ImageRecord[];
  get(id: string): ImageRecord | undefined;
  /** Ids that a name may mean: several only for an id's prefix that is not unique. */
  find(name: string): readonly string[];
  /** An image that came by the same index as this one, for a platform. */
  sibling(id: string, platform: Platform): string | undefined;
  references(id: string): string[];
  /** Of manifests and indexes that repositories have it under, the newest first. */
  digests(id: string): string[];
  /** `repository@digest` for each repository that has it: of the index that led to it, else of its manifest. */
  repoDigests(id: string): string[];
  /** Every reference of the root, with the id it points at. */
  tags(): { reference: string; id: string }[];
  config(id: string): ImageConfig;
  /** Ids of containers made from it; `busy`: with a process. */
  containers(id: string): { id: string; busy: boolean }[];
  /** True if an image or a cache record names the layer. */
  usesLayer(diffId: string): boolean;
}

export function createImageRecords(db: Database, blobs: Blobs): ImageRecords {
  const configs = new Map<string, ImageConfig>();
  const configOf = (id: string): ImageConfig => {
    const known = configs.get(id);
    if (known !== undefined) return known;
    const config = parseImageConfig(blobs.get(id));
    if (configs.size >= 500) configs.clear();
    configs.set(id, config);
    return config;
  };
  /** Of several images that one index leads to, the one that runs here. */
  const prefer = (ids: readonly string[]): readonly string[] => {
    if (ids.length < 2) return ids;
    const here = hostPlatform(process.arch);
    return [ids.find(id => fitsPlatform(configOf(id), here)) ?? ids[0] ?? ''];
  };
  const get = (id: string) => {
    const row = db.get('SELECT * FROM images WHERE id = ?', id);
    return row && toRecord(row);
  };
  return {
    all: () => db.all('SELECT * FROM images ORDER BY created DESC, id').map(toRecord),
    get,
    find: name => findIds(db, name, prefer),
    sibling: (id, platform) =>
      db
        .all(
          `SELECT DISTINCT other.image FROM image_digests own JOIN image_digests other
             ON own.repository = other.repository AND own.digest = other.digest WHERE own.image = ?`,
          id,
        )
        .map(row => String(row.image))
        .find(other => fitsPlatform(configOf(other), platform)),
    digests: id =>
      db
        .all('SELECT DISTINCT digest FROM image_digests WHERE image = ? ORDER BY updated DESC', id)
        .map(row => String(row.digest)),
    references: id =>
      db
        .all('SELECT reference FROM tags WHERE image = ? ORDER BY reference', id)
        .map(row => String(row.reference)),
    repoDigests: id => {
      const sql =
        'SELECT repository, digest, media_type FROM image_digests WHERE image = ? ORDER BY updated DESC';
      const rows = db.all(sql, id).map(row => ({
        repository: String(row.repository),
        name: `${row.repository}@${row.digest}`,
        isIndex: isIndexType(String(row.media_type)),
      }));
      const byIndex = new Set(rows.filter(({ isIndex }) => isIndex).map(({ repository }) => repository));
      return rows
        .filter(({ isIndex, repository }) => isIndex || !byIndex.has(repository))
        .map(({ name }) => name);
    },
    tags: () =>
      db
        .all('SELECT reference, image FROM tags ORDER BY reference')
        .map(row => ({ reference: String(row.reference), id: String(row.image) })),
    config: configOf,
    containers: id =>
      db
        .all('SELECT id, status FROM containers WHERE image = ? ORDER BY created', id)
        .map(row => ({ id: String(row.id), busy: busyStates.has(String(row.status)) })),
    usesLayer: diffId =>
      db.get('SELECT 1 FROM build_cache WHERE diff_id = ?', diffId) !== undefined ||
      db.get("SELECT 1 FROM works, json_each(works.record, '$.layers') WHERE value = ?", diffId) !==
        undefined ||
      db.get('SELECT 1 FROM images, json_each(images.layers) WHERE value = ?', diffId) !== undefined,
  };
}

const busyStates = new Set(['running', 'paused', 'restarting']);

/** A whole id first, then a reference, then the beginning of an id: as docker looks names up. */
function findIds(
  db: Database,
  name: string,
  prefer: (ids: readonly string[]) => readonly string[],
): readonly string[] {
  const hex = name.startsWith('sha256:') ? name.slice('sha256:'.length) : name;
  if (isDigest(`sha256:${hex}`)) return idsWhere(db, 'id = ?', `sha256:${hex}`);
  for (const reference of readCandidates(name)) {
    const ids = prefer(byReference(db, reference));
    if (ids.length > 0) return ids;
  }
  if (!/^[0-9a-f]{1,63}$/.test(hex)) return [];
  return idsWhere(db, 'id GLOB ?', `sha256:${hex}*`);
}

/** The full references that a name may mean in this root, best first; none if it can only be an id. */
export function nameCandidates(name: string): readonly string[] {
  return readCandidates(name).map(formatReference);
}

function readCandidates(name: string): readonly Reference[] {
  try {
    return localCandidates(name);
  } catch {
    return []; // not a reference: it may be the beginning of an id
  }
}

function byReference(db: Database, reference: Reference): readonly string[] {
  if (reference.digest !== undefined) return byDigest(db, reference, reference.digest);
  const row = db.get('SELECT image FROM tags WHERE reference = ?', formatReference(reference));
  return row === undefined ? [] : [String(row.image)];
}

/** As a repository has it (there or here): the digest of a manifest, or of an index that led to it. */
function byDigest(db: Database, { domain, path }: Reference, digest: string): readonly string[] {
  const repository = `${domain}/${path}`;
  const sql = 'SELECT image FROM image_digests WHERE repository = ? AND digest = ? ORDER BY updated DESC';
  const published = db.all(sql, repository, digest).map(row => String(row.image));
  if (published.length > 0) return published;
  const own = `SELECT id FROM images JOIN tags ON image = id WHERE manifest = ? AND substr(reference, 1, ?) = ?
    ORDER BY id LIMIT 1`;
  const prefix = `${repository}:`;
  return db.all(own, digest, prefix.length, prefix).map(row => String(row.id));
}

function idsWhere(db: Database, condition: string, value: string): string[] {
  return db
    .all(`SELECT id FROM images WHERE ${condition} ORDER BY id LIMIT 9`, value)
    .map(row => String(row.id));
}

function toRecord(row: Row): ImageRecord {
  return {
    id: String(row.id),
    manifest: String(row.manifest),
    layers: JSON.parse(String(row.layers)) as string[],
    sizeBytes: Number(row.size),
    created: Number(row.created),
  };
}
