import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { type Duplex, PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip, createZstdCompress } from 'node:zlib';
import { type Descriptor, mediaTypes } from '../../../oci/index.ts';
import type { ImageContext } from '../context.ts';
import type { LayerPacking } from '../transfer-types.ts';

/** What every registry and engine of the last ten years takes. */
export const usualPacking: LayerPacking = { compression: 'gzip', force: false };

/** Of a packed layer. */
export const mediaTypeOf = {
  gzip: mediaTypes.layerGzip,
  zstd: mediaTypes.layerZstd,
  uncompressed: mediaTypes.layer,
} as const;

interface PackRequest {
  readonly packing?: LayerPacking;
  readonly folder: string;
  readonly signal: AbortSignal;
}

/**
 * Packs a layer's tar into a folder, and remembers how it came out: a registry that has it already is then
 * asked before the work is done again.
 */
export async function packLayer(
  { db, snapshots }: ImageContext,
  diffId: string,
  { packing = usualPacking, folder, signal }: PackRequest,
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
  await pipeline(snapshots.exportTar(diffId), packer(packing), counted, createWriteStream(path), { signal });
  const blob = { mediaType: mediaTypeOf[packing.compression], digest: `sha256:${hash.digest('hex')}`, size };
  db.run(
    'INSERT OR IGNORE INTO layer_blobs VALUES (?, ?, ?, ?, 0)',
    blob.digest,
    diffId,
    blob.mediaType,
    size,
  );
  return { blob, path };
}

function packer({ compression, level }: LayerPacking): Duplex {
  if (compression === 'uncompressed') return new PassThrough();
  if (compression === 'gzip') return createGzip(level === undefined ? {} : { level });
  return createZstdCompress(
    level === undefined ? {} : { params: { [constants.ZSTD_c_compressionLevel]: level } },
  );
}
