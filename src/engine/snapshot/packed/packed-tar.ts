import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable, type Writable } from 'node:stream';
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
export async function openPackedTar(part: FilePart): Promise<Readable> {
  const compression = await compressionOf(part);
  return compression === 'gzip' ? gunzipFile(part) : unpackedBy(readPart(part), compression);
}

/** One buffer for all that is read: new ones for each piece would have the garbage collector work as long as zlib. */
function gunzipFile({ path, offset, length }: FilePart): Readable {
  const unpacked = createGunzip({ chunkSize: pieceSize });
  const buffer = Buffer.allocUnsafeSlow(pieceSize);
  const feed = async () => {
    await using file = await open(path, 'r');
    for (let at = 0; at < length && !unpacked.destroyed; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(pieceSize, length - at), offset + at);
      if (bytesRead === 0) break;
      at += bytesRead;
      await taken(unpacked, buffer.subarray(0, bytesRead));
    }
    unpacked.end();
  };
  feed().catch(error => unpacked.destroy(error));
  return Readable.from(gunzipped(unpacked), { objectMode: false });
}

/** What a stream of bytes unpacks to. Breaks like `openPackedTar`. */
export function unpackedBy(source: Readable, compression: Compression): Readable {
  if (compression === 'none') return source;
  if (compression === 'zstd') return Readable.from(unzstd(source), { objectMode: false });
  const unpacked = createGunzip({ chunkSize: pieceSize });
  source.on('error', error => unpacked.destroy(error));
  source.pipe(unpacked);
  const closing = () => void source.destroy();
  return Readable.from(gunzipped(unpacked, closing), { objectMode: false });
}

/** Resolves when a stream is done with a piece, or with everything. */
async function taken(stream: Writable, piece: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onClose = () => resolve();
  stream.once('close', onClose);
  stream.write(piece, error => (error ? reject(error) : resolve()));
  await promise.finally(() => stream.off('close', onClose));
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

async function* gunzipped(unpacked: Readable, onEnd = () => {}): AsyncGenerator<Buffer> {
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
    onEnd();
    unpacked.destroy();
  }
}
