import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { PlimsollError } from '../../../errors.ts';
import { unzstd } from './unzstd.ts';

/** How the bytes of a layer's tar are packed. */
export type Compression = 'none' | 'gzip' | 'zstd';

/** A part of a file: from a byte on, so many bytes. */
export interface FilePart {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

const pieceSize = 256 * 1024;

/**
 * The uncompressed tar of a layer in a file. How it is packed is seen by its first bytes, not believed: media types are
 * wrong at times, and a diffID is compared in the end. Breaks with `data-loss` (`BAD_COMPRESSION`) if it is damaged.
 */
export function openLayerTar(part: FilePart, compression: Compression): Readable {
  return unpackedBy(readPart(part), compression);
}

/** What a stream of bytes unpacks to. Breaks like `openLayerTar`. */
export function unpackedBy(source: Readable, compression: Compression): Readable {
  if (compression === 'none') return source;
  if (compression === 'zstd') return Readable.from(unzstd(source), { objectMode: false });
  const unpacked = createGunzip({ chunkSize: pieceSize });
  source.on('error', error => unpacked.destroy(error));
  source.pipe(unpacked);
  return Readable.from(gunzipped(unpacked, source), { objectMode: false });
}

/** The bytes of a part of a file. */
export function readPart({ path, offset, length }: FilePart): Readable {
  if (length === 0) return Readable.from([]);
  return createReadStream(path, { start: offset, end: offset + length - 1, highWaterMark: pieceSize });
}

/** How a file is packed, by its first bytes. Throws `not-implemented` for what layers are never packed with. */
export async function compressionOf({ path, offset, length }: FilePart): Promise<Compression> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(6);
    const { bytesRead } = await file.read(head, 0, Math.min(head.length, length), offset);
    return compressionOfHead(head.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

/** How bytes are packed that begin so. */
export function compressionOfHead(head: Uint8Array): Compression {
  const hex = Buffer.from(head).toString('hex');
  if (hex.startsWith('1f8b')) return 'gzip';
  if (hex.startsWith('28b52ffd') || /^5.2a4d18/.test(hex)) return 'zstd';
  const other = /^fd377a585a00/.test(hex) ? 'xz' : /^425a68/.test(hex) ? 'bzip2' : undefined;
  if (other === undefined) return 'none';
  throw new PlimsollError('not-implemented', `it is compressed with ${other}, which images never are`, {
    code: 'BAD_COMPRESSION',
    hint: `unpack it first with ${other} -d`,
  });
}

async function* gunzipped(unpacked: Readable, source: Readable): AsyncGenerator<Buffer> {
  try {
    yield* unpacked as AsyncIterable<Buffer>;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!code.startsWith('Z_')) throw error;
    throw new PlimsollError(
      'data-loss',
      `a layer cannot be unpacked with gzip: ${(error as Error).message}`,
      {
        code: 'BAD_COMPRESSION',
        hint: 'nothing of it was kept: its publisher must make it again',
        cause: error,
      },
    );
  } finally {
    source.destroy();
    unpacked.destroy();
  }
}
