import { PlimsollError } from '../../errors.ts';
import {
  canonicalJson,
  formatReference,
  imageManifest,
  mediaTypes,
  parseReference,
  withDefaultTag,
} from '../../oci/index.ts';
import type { Layer, SnapshotService } from '../snapshot/index.ts';
import type { ImageContext } from './context.ts';
import type { CreateImageRequest } from './types.ts';

/** Records an image; see `ImageStore.create`. */
export function createImage(context: ImageContext, request: CreateImageRequest): string {
  const { db, blobs, snapshots, events, clock } = context;
  const references = request.references.map(tagReference);
  const { config } = request;
  return db.transaction(
    () => {
      const layers = config.rootfs.diff_ids.map(diffId => layerOf(snapshots, diffId));
      const bytes = canonicalJson(config);
      const id = blobs.put(bytes, mediaTypes.config);
      const manifest = imageManifest(
        { digest: id, size: bytes.length },
        layers.map(layer => ({ digest: layer.diffId, size: layer.tarBytes })),
      );
      db.run(
        'INSERT OR IGNORE INTO images VALUES (?, ?, ?, ?, ?, ?)',
        id,
        blobs.put(canonicalJson(manifest), mediaTypes.manifest),
        JSON.stringify(config.rootfs.diff_ids),
        layers.reduce((sum, layer) => sum + layer.sizeBytes, 0),
        createdAt(config.created) ?? clock(),
        clock(),
      );
      const name = references[0];
      events.emit('image', request.origin ?? 'build', id, name === undefined ? {} : { name });
      for (const reference of references) setTag(context, reference, id);
      return id;
    },
    { durable: true },
  );
}

/** Points a reference at an image, in the caller's transaction. */
export function setTag({ db, events, clock }: ImageContext, reference: string, id: string): void {
  const sql =
    'INSERT INTO tags VALUES (?, ?, ?) ON CONFLICT (reference) DO UPDATE SET image = excluded.image, updated = excluded.updated';
  db.run(sql, reference, id, clock());
  events.emit('image', 'tag', id, { name: reference });
}

/** The full form of a name that is to point at an image; throws `invalid-argument` for one with a digest. */
export function tagReference(text: string): string {
  const reference = parseReference(text);
  if (reference.digest === undefined) return formatReference(withDefaultTag(reference));
  throw new PlimsollError('invalid-argument', `"${text}" cannot be a tag: it names a digest`, {
    code: 'BAD_REFERENCE',
    hint: 'write it as [registry/]name[:tag]',
    data: { reference: text },
  });
}

/** Milliseconds of an RFC 3339 time, if it is one. */
export function createdAt(text: string | undefined): number | undefined {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

function layerOf(snapshots: SnapshotService, diffId: string): Layer {
  const layer = snapshots.layer(diffId);
  if (layer !== undefined) return layer;
  throw new PlimsollError('data-loss', `the layer ${diffId} of the new image is gone`, {
    code: 'LAYER_MISSING',
    hint: 'build it again: the layer was freed meanwhile',
    data: { diffId },
  });
}
