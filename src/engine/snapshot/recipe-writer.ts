import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { contentFrame, rawFrame, recipeMagic } from './recipe-format.ts';
import type { LayerRecorder } from './rewrite-layer.ts';

/** A recipe in the making: what an archive holds beside the content that its layer's files have. */
export interface RecipeWriter extends LayerRecorder, AsyncDisposable {
  /** How many contents were told so far. */
  contents(): number;
  /** Resolves when what was told so far is on its way to the file. */
  flush(): Promise<void>;
  /** Ends the file. Returns contents, by their number, that no file has any more: the recipe is then of no use. */
  finish(): Promise<ReadonlySet<number>>;
}

/**
 * Writes the recipe of a layer's tar to `path`. `inline`: contents, by their number, that are told as raw bytes instead,
 * because a later entry replaces their file: pass what a first try has returned.
 */
export function writeRecipe(path: string, inline: ReadonlySet<number> = new Set()): RecipeWriter {
  const file = createWriteStream(path, { flags: 'w', mode: 0o600 });
  const packer = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  packer.pipe(file);
  packer.on('error', () => {}); // told where it is waited for
  file.on('error', error => packer.destroy(error));
  const places = new Map<string, number[]>();
  const lost = new Set<number>();
  let count = 0;
  let held: Buffer[] = [recipeMagic];
  let size = 0;
  let raw: Buffer[] = [];
  const hold = (bytes: Buffer) => {
    held.push(bytes);
    size += bytes.length;
  };
  /** One frame for all raw bytes that follow one another: most headers have some. */
  const closeRaw = () => {
    if (raw.length === 0) return;
    const bytes = raw.length === 1 && raw[0] !== undefined ? raw[0] : Buffer.concat(raw);
    raw = [];
    hold(rawFrame(bytes));
  };
  return {
    raw: bytes => void raw.push(Buffer.from(bytes)), // a copy: it is a view of what is read next
    content: (path_, offset, length) => {
      const number = count++;
      if (inline.has(number)) return;
      closeRaw();
      hold(contentFrame({ path: path_, offset, length }));
      const known = places.get(path_);
      if (known === undefined) places.set(path_, [number]);
      else known.push(number);
    },
    lost: path_ => {
      for (const number of places.get(path_) ?? []) lost.add(number);
      places.delete(path_);
    },
    contents: () => count,
    flush: async () => {
      closeRaw();
      if (size < 64 * 1024) return;
      const bytes = Buffer.concat(held);
      [held, size] = [[], 0];
      if (!packer.write(bytes)) await drained(packer);
    },
    finish: async () => {
      closeRaw();
      packer.end(Buffer.concat(held));
      await finished(file);
      return lost;
    },
    [Symbol.asyncDispose]: async () => {
      packer.destroy();
      file.destroy();
    },
  };
}

async function drained(stream: NodeJS.WritableStream): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const end = (error?: Error) => {
      stream.off('drain', onDrain).off('error', onError).off('close', onDrain);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onDrain = () => end();
    const onError = (error: Error) => end(error);
    stream.on('drain', onDrain).on('error', onError).on('close', onDrain);
  });
}
