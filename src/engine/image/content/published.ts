import { type Descriptor, parseManifest } from '../../../oci/index.ts';
import type { ImageContext } from '../context.ts';
import type { ImageRecord } from '../image-records.ts';

/** The bytes of a manifest, and what they are. */
export interface Bytes {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

/** A manifest that the image was published with and whose layers are all here as `isHere` wants them. */
export function exactManifest(
  { db, blobs }: ImageContext,
  { id, manifest }: ImageRecord,
  isHere: (layer: Descriptor) => boolean,
): Bytes | undefined {
  const others = db
    .all('SELECT DISTINCT digest FROM image_digests WHERE image = ?', id)
    .map(row => String(row.digest));
  for (const digest of [manifest, ...others]) {
    const row = db.get('SELECT media_type FROM blobs WHERE digest = ?', digest);
    if (row === undefined) continue;
    const bytes = blobs.get(digest);
    const mediaType = String(row.media_type);
    const document = parseManifest(bytes, mediaType);
    if (document.kind !== 'image' || document.manifest.config.digest !== id) continue;
    if (document.manifest.layers.every(isHere)) return { bytes, mediaType };
  }
  return undefined;
}

/** The packed layer of this digest, or of this diffID, whose bytes are here as they came. */
export function keptBlob(
  { db }: ImageContext,
  column: 'digest' | 'diff_id',
  value: string,
): Descriptor | undefined {
  const sql = `SELECT * FROM layer_blobs WHERE ${column} = ? AND kept = 1 ORDER BY digest LIMIT 1`;
  const row = db.get(sql, value);
  return row && { mediaType: String(row.media_type), digest: String(row.digest), size: Number(row.size) };
}
