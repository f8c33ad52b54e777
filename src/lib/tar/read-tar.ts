import { type TarPart, tarReader } from './tar-reader.ts';

/**
 * Reads a tar (V7, ustar, pax, GNU) as it comes, holding one piece at a time; reads the source to its end. Names are
 * as the archive has them: the caller must not trust them. Throws `BAD_ARCHIVE`, also for sparse files.
 */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarPart> {
  const reader = tarReader();
  for await (const bytes of source) yield* reader.push(bytes);
  yield* reader.end();
}
