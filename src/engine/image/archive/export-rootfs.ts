import { Readable } from 'node:stream';
import { packTree, TreeRoot } from '../../archive/index.ts';
import type { ImageContext } from '../context.ts';
import { resolveImage } from '../resolve-image.ts';

/** Image -> root filesystem; see `ImageArchives.rootfs`. Its layers are mounted while the stream lives. */
export async function exportRootfs(
  { records, snapshots }: ImageContext,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Readable> {
  const abort = signal === undefined ? {} : { signal };
  const { layers } = resolveImage(records, name);
  await using opening = new AsyncDisposableStack();
  const staged = opening.use(await snapshots.stage(layers, abort));
  const tree = opening.use(await TreeRoot.open(staged.target));
  const opened = opening.move();
  const pieces = async function* () {
    try {
      yield* packTree({ tree, path: '/', name: '', ...abort });
    } finally {
      await opened.disposeAsync();
    }
  };
  const stream = Readable.from(pieces(), { objectMode: false });
  return stream.once('close', () => void opened.disposeAsync()); // where nobody began to read
}
