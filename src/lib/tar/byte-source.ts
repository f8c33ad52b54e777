import { badArchive } from './bad-archive.ts';

/** Bytes as they are needed, from a source that gives them as it likes. */
export interface ByteSource {
  /** The next `length` bytes; undefined if the source has ended before the first. Throws if it ends in between. */
  exactly(length: number): Promise<Buffer | undefined>;
  /** Some of the next bytes, at least one and at most `most`. Throws if the source has ended. */
  some(most: number): Promise<Buffer>;
  /** Reads to the end. */
  drain(): Promise<void>;
  /** Lets the source go, wherever it stands. */
  close(): Promise<void>;
}

export function byteSource(source: AsyncIterable<Uint8Array>): ByteSource {
  const iterator = source[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  const fill = async (): Promise<boolean> => {
    const next = await iterator.next();
    if (next.done) return false;
    const { buffer, byteOffset, byteLength } = next.value;
    const piece = Buffer.from(buffer, byteOffset, byteLength);
    held = held.length === 0 ? piece : Buffer.concat([held, piece]);
    return true;
  };
  const cut = (length: number): Buffer => {
    const bytes = held.subarray(0, length);
    held = held.subarray(length);
    return bytes;
  };
  return {
    exactly: async length => {
      while (held.length < length) {
        if (await fill()) continue;
        if (held.length === 0) return undefined;
        throw badArchive('it breaks off in the middle');
      }
      return cut(length);
    },
    some: async most => {
      while (held.length === 0) if (!(await fill())) throw badArchive('it breaks off in the middle');
      return cut(most);
    },
    drain: async () => {
      held = Buffer.alloc(0);
      while (!(await iterator.next()).done);
    },
    close: async () => void (await iterator.return?.()),
  };
}
