import { Readable } from 'node:stream';
import {
  hostPlatform,
  type ImageConfig,
  type ImageProcessConfig,
  parsePlatform,
} from '../../../oci/index.ts';
import type { ImportRequest } from '../archive-types.ts';
import { unpackStream } from '../content/unpack-stream.ts';
import type { ImageContext } from '../context.ts';
import { createImage, tagReference } from '../create-image.ts';

/** What Dockerfile instructions make of a config. */
export type ApplyChanges = (config: ImageProcessConfig, changes: readonly string[]) => ImageProcessConfig;

/** Root filesystem -> image of one layer; see `ImageArchives.importTar`. */
export async function importImage(
  context: ImageContext,
  applyChanges: ApplyChanges,
  request: ImportRequest,
): Promise<string> {
  const { signal } = request;
  // Before the copying: a mistake in a name, a platform or a change is told at once.
  const references = request.reference === undefined ? [] : [tagReference(request.reference)];
  const platform =
    request.platform === undefined ? hostPlatform(process.arch) : parsePlatform(request.platform);
  const config = applyChanges({}, request.changes ?? []);
  const tar = Readable.from(unpackStream(request.tar, { signal }), { objectMode: false });
  using layer = await context.snapshots.importTar(tar, signal === undefined ? {} : { signal });
  const created = new Date(context.clock()).toISOString();
  const image: ImageConfig = {
    ...platform,
    created,
    config,
    rootfs: { type: 'layers', diff_ids: [layer.diffId] },
    history: [{ created, ...(request.message === undefined ? {} : { comment: request.message }) }],
  };
  return createImage(context, { config: image, references, origin: 'import' });
}
