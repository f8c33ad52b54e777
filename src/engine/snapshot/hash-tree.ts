import { createHash } from 'node:crypto';
import { setImmediate as others } from 'node:timers/promises';
import { throwIfAborted } from '../../errors.ts';
import { type TreeOptions, type TreeTotals, tarOfTree } from './tree-tar.ts';

/**
 * Hashes the canonical tar of a folder without writing it. Works in slices of a few milliseconds: synchronous file
 * calls are several times cheaper than asynchronous ones, yet a dashboard in this process must go on drawing.
 */
export async function hashTree(
  folder: string,
  options: TreeOptions & { readonly signal?: AbortSignal },
): Promise<TreeTotals & { diffId: string }> {
  const hash = createHash('sha256');
  const held = Buffer.allocUnsafe(64 * 1024);
  let length = 0;
  /** Small pieces together, three of which each small file has: a call of the hash costs more than to copy them. */
  const add = (piece: Buffer) => {
    if (length + piece.length > held.length) {
      hash.update(held.subarray(0, length));
      length = 0;
    }
    if (piece.length > held.length) hash.update(piece);
    else length += piece.copy(held, length);
  };
  const pieces = tarOfTree(folder, options);
  let slice = performance.now();
  try {
    for (;;) {
      const next = pieces.next();
      if (next.done) {
        hash.update(held.subarray(0, length));
        return { ...next.value, diffId: `sha256:${hash.digest('hex')}` };
      }
      add(next.value);
      if (performance.now() - slice < 8) continue;
      await others();
      throwIfAborted(options.signal, 'hashing a layer');
      slice = performance.now();
    }
  } finally {
    pieces.return({ fileBytes: 0, tarBytes: 0 }); // closes the file it was reading
  }
}
