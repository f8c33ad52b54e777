import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Descriptor, mediaTypes } from '../../../oci/index.ts';
import type { ImageContext } from '../context.ts';

/**
 * Packs a layer's tar with gzip into a folder, and remembers how it came out: a registry that has it already is then
 * asked before the work is done again.
 */
export async function packLayer(
  { db, snapshots }: ImageContext,
  diffId: string,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<{ blob: Descriptor; path: string }> {
  const path = join(folder, diffId.slice('sha256:'.length));
  const hash = createHash('sha256');
  let size = 0;
  const counted = async function* (source: AsyncIterable<Buffer>) {
    for await (const piece of source) {
      hash.update(piece);
      size += piece.length;
      yield piece;
    }
  };
  await pipeline(snapshots.exportTar(diffId), createGzip(), counted, createWriteStream(path), { signal });
  const blob = { mediaType: mediaTypes.layerGzip, digest: `sha256:${hash.digest('hex')}`, size };
  db.run(
    'INSERT OR IGNORE INTO layer_blobs VALUES (?, ?, ?, ?, 0)',
    blob.digest,
    diffId,
    blob.mediaType,
    size,
  );
  return { blob, path };
}
