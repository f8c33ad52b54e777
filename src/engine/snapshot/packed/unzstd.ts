import { pipeline, Readable } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { errnoOf, messageOf, PlimsollError } from '../../../errors.ts';
import { ByteInput } from '../../../lib/byte-input.ts';

/**
 * Unpacks a zstd stream of any number of frames (RFC 8878): some tools write a frame for each file, or append frames that
 * are to be skipped. Node's own stream ends with the first frame, in silence, so each gets one of its own.
 */
export async function* unzstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const bytes = new Source(source);
  try {
    while (await bytes.has(4)) {
      const magic = bytes.peek(4).readUInt32LE();
      if (magic === frameMagic) yield* unpackFrame(bytes);
      else if ((magic & 0xfffffff0) >>> 0 === skippableMagic) await skip(bytes);
      else throw damaged('something else follows a frame of it');
    }
    if (bytes.length > 0) throw damaged('it breaks off');
  } catch (error) {
    throw errnoOf(error)?.startsWith('ZSTD_') ? damaged(messageOf(error)) : error;
  } finally {
    await bytes.close();
  }
}

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;

async function* unpackFrame(bytes: Source): AsyncGenerator<Buffer> {
  const unpacked = createZstdDecompress({ chunkSize: 256 * 1024 });
  pipeline(Readable.from(frame(bytes)), unpacked, () => {}); // hands errors on; whoever reads is told
  yield* unpacked as AsyncIterable<Buffer>;
}

async function skip(bytes: Source): Promise<void> {
  await need(bytes, 8);
  let left = bytes.peek(8).readUInt32LE(4);
  bytes.some(8);
  while (left > 0) {
    await need(bytes, 1);
    left -= bytes.some(left).length;
  }
}

/** The bytes of one frame, found by its headers: what is in its blocks need not be understood for that. */
async function* frame(bytes: Source): AsyncGenerator<Buffer> {
  await need(bytes, 5);
  const descriptor = bytes.peek(5)[4] ?? 0;
  const single = (descriptor & 0x20) !== 0;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const header = 5 + (single ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0) + sizeBytes;
  yield* exactly(bytes, header);
  for (let last = false; !last; ) {
    await need(bytes, 3);
    const block = bytes.peek(3).readUIntLE(0, 3);
    last = (block & 1) === 1;
    const isRun = ((block >> 1) & 3) === 1; // one byte, many times
    yield* exactly(bytes, 3 + (isRun ? 1 : block >> 3));
  }
  if ((descriptor & 4) !== 0) yield* exactly(bytes, 4); // a checksum
}

async function* exactly(bytes: Source, length: number): AsyncGenerator<Buffer> {
  for (let left = length; left > 0; ) {
    await need(bytes, 1);
    const piece = bytes.some(left);
    left -= piece.length;
    yield piece;
  }
}

async function need(bytes: Source, length: number): Promise<void> {
  if (!(await bytes.has(length))) throw damaged('it breaks off');
}

/** Bytes of an iterable, as many as are needed. */
class Source {
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #input = new ByteInput();

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  get length(): number {
    return this.#input.length;
  }

  /** Waits for so many bytes; false if fewer come. */
  async has(length: number): Promise<boolean> {
    while (this.#input.length < length) {
      const next = await this.#iterator.next();
      if (next.done) return false;
      this.#input.add(next.value);
    }
    return true;
  }

  peek(length: number): Buffer {
    return this.#input.peek(length);
  }

  some(most: number): Buffer {
    return this.#input.some(most);
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }
}

function damaged(why: string): PlimsollError {
  return new PlimsollError('data-loss', `a layer cannot be unpacked with zstd: ${why}`, {
    code: 'BAD_COMPRESSION',
    hint: 'nothing of it was kept: its publisher must make it again',
  });
}
