import type { Descriptor } from '../../../oci/index.ts';
import type { ImageContext } from '../context.ts';

export interface PackedLayer {
  readonly blob: Descriptor;
  readonly diffId: string;
  /** A file with the bytes of the blob: proven, and durable. */
  readonly path: string;
}

/**
 * Makes a file the blob of a layer, so that the layer is pushed and saved as it came. Part of the caller's transaction,
 * as the last thing in it that can fail.
 */
export function keepBlob({ db, blobs }: ImageContext, { blob, diffId, path }: PackedLayer): void {
  const { digest, mediaType, size } = blob;
  const sql = `INSERT INTO layer_blobs VALUES (?, ?, ?, ?, 1)
    ON CONFLICT (digest) DO UPDATE SET kept = 1, media_type = excluded.media_type`;
  db.run(sql, digest, diffId, mediaType, size);
  blobs.adopt(path, blob);
}
