import { createHash } from 'node:crypto';
import { closeSync, constants, createReadStream, openSync, readSync } from 'node:fs';
import { createZstdDecompress } from 'node:zlib';
import { isPlimsollError, PlimsollError, throwIfAborted } from '../../errors.ts';
import { type RecipeFrame, readFrames, recipeMagic } from './recipe-format.ts';

/** The tar of a layer, byte by byte as it came, from its recipe and its files. Throws `data-loss` (`LAYER_DAMAGED`). */
export async function* followRecipe(recipe: string, folder: string): AsyncGenerator<Buffer> {
  const source = createReadStream(recipe);
  const unpacked = source.pipe(createZstdDecompress());
  source.on('error', error => unpacked.destroy(error));
  let rest: Buffer = Buffer.alloc(0);
  let begun = false;
  try {
    for await (const piece of unpacked as AsyncIterable<Buffer>) {
      rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      if (!begun) {
        if (rest.length < recipeMagic.length) continue;
        if (!rest.subarray(0, recipeMagic.length).equals(recipeMagic)) throw new RangeError('no recipe');
        rest = rest.subarray(recipeMagic.length);
        begun = true;
      }
      const read = readFrames(rest);
      ({ rest } = read);
      for (const frame of read.frames) yield* bytesOf(frame, folder);
    }
    if (!begun || rest.length > 0) throw new RangeError('half a recipe');
  } catch (error) {
    throw error instanceof PlimsollError ? error : damaged(folder, error);
  } finally {
    source.destroy();
    unpacked.destroy();
  }
}

/** The diffID of the tar that a recipe gives; undefined if it gives none. */
export async function hashRecipe(
  recipe: string,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const piece of followRecipe(recipe, folder)) {
      throwIfAborted(signal, 'hashing a layer');
      hash.update(piece);
    }
  } catch (error) {
    if (isPlimsollError(error, 'data-loss')) return undefined;
    throw error;
  }
  return `sha256:${hash.digest('hex')}`;
}

function* bytesOf(frame: RecipeFrame, folder: string): Generator<Buffer> {
  if (frame.kind === 'raw') {
    yield frame.bytes;
    return;
  }
  const path = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(frame.path, 'latin1')]);
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    for (let at = 0; at < frame.length; ) {
      const piece = Buffer.allocUnsafe(Math.min(frame.length - at, 256 * 1024));
      const length = readSync(file, piece, 0, piece.length, frame.offset + at);
      if (length === 0) throw new RangeError('a file of the layer has lost its end');
      yield piece.subarray(0, length);
      at += length;
    }
  } finally {
    closeSync(file);
  }
}

function damaged(folder: string, cause: unknown): PlimsollError {
  return new PlimsollError('data-loss', `the layer in "${folder}" is damaged`, {
    code: 'LAYER_DAMAGED',
    hint: "run 'plimsoll system check --deep' to see what else is, and pull the image again",
    cause,
  });
}
