import { Readable } from 'node:stream';
import { PlimsollError, throwIfAborted } from '../../../errors.ts';
import { byteLimitOf, compressionOfHead, unpackedBy } from '../../snapshot/index.ts';

export interface UnpackStreamOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told how many bytes were read of the source so far. */
  readonly onBytes?: ((count: number) => void) | undefined;
  /** Most bytes that so many packed ones may become. */
  readonly limitOf?: (packed: number) => number;
}

/**
 * What a stream unpacks to that is plain or packed with gzip or zstd, as its first bytes tell. Reads the source to its
 * end, or lets it be closed. Throws `data-loss` (`BAD_COMPRESSION`), `invalid-argument` for a bomb.
 */
export async function* unpackStream(
  source: AsyncIterable<Uint8Array>,
  { signal, onBytes, limitOf = byteLimitOf }: UnpackStreamOptions = {},
): AsyncGenerator<Uint8Array> {
  let packed = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of source) {
      throwIfAborted(signal, 'reading the archive');
      packed += piece.length;
      onBytes?.(packed);
      yield piece;
    }
  };
  let plain = 0;
  for await (const piece of await unpackedByHead(counted())) {
    plain += piece.length;
    if (plain > limitOf(packed)) throw bomb(packed, limitOf(packed));
    yield piece;
  }
}

/** Long enough for the first bytes of every way of packing. */
const headSize = 6;

async function unpackedByHead(pieces: AsyncGenerator<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < headSize) {
    const next = await pieces.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  const whole = async function* () {
    try {
      if (head.length > 0) yield head;
      yield* pieces;
    } finally {
      await pieces.return(undefined);
    }
  };
  const compression = compressionOfHead(head.subarray(0, headSize));
  return compression === 'none'
    ? whole()
    : unpackedBy(Readable.from(whole(), { objectMode: false }), compression);
}

function bomb(packed: number, limit: number): PlimsollError {
  return new PlimsollError(
    'invalid-argument',
    `the archive is refused: ${packed} bytes of it unpack to more than ${limit}`,
    {
      code: 'ARCHIVE_TOO_LARGE',
      hint: 'nothing of it was kept: so many bytes of so small an archive are hardly meant well',
    },
  );
}
