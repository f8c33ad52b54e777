import { formatReference, type Reference } from '../../../oci/index.ts';
import type { ImageContext } from '../context.ts';
import { createdAt, setTag } from '../create-image.ts';

/** An image whose layers are here, with the very bytes of its config and manifest. */
export interface WholeImage {
  readonly configBytes: Uint8Array;
  readonly layers: readonly string[];
  /** RFC 3339, from the config. */
  readonly created: string | undefined;
  readonly manifest: { readonly bytes: Uint8Array; readonly mediaType: string };
  /** An index that led to it. */
  readonly index?: { readonly bytes: Uint8Array; readonly mediaType: string };
  /** Where it comes from, and the name it gets if that has a tag. */
  readonly reference?: Reference;
  readonly origin: 'pull' | 'load';
  readonly keepName?: boolean;
}

/** Records an image as it was published, durably, in one transaction. Returns its id, the digest of its config. */
export function recordImage(context: ImageContext, image: WholeImage): string {
  const { db, blobs, snapshots, events, clock } = context;
  const { reference, index, manifest } = image;
  return db.transaction(
    () => {
      const sizes = image.layers.map(diffId => snapshots.layer(diffId)?.sizeBytes ?? 0);
      const id = blobs.put(image.configBytes, 'application/vnd.oci.image.config.v1+json');
      const digest = blobs.put(manifest.bytes, manifest.mediaType);
      db.run(
        'INSERT OR IGNORE INTO images VALUES (?, ?, ?, ?, ?, ?)',
        id,
        digest,
        JSON.stringify(image.layers),
        sizes.reduce((sum, size) => sum + size, 0),
        createdAt(image.created) ?? clock(),
        clock(),
      );
      const name = reference === undefined ? {} : { name: formatReference(reference) };
      events.emit('image', image.origin, id, name);
      if (reference !== undefined) {
        const repository = `${reference.domain}/${reference.path}`;
        recordDigest(context, { repository, digest, id, mediaType: manifest.mediaType });
        if (index !== undefined) {
          const top = blobs.put(index.bytes, index.mediaType);
          recordDigest(context, { repository, digest: top, id, mediaType: index.mediaType });
        }
        const { digest: _, ...tagged } = reference;
        if (tagged.tag !== undefined && image.keepName !== true) setTag(context, formatReference(tagged), id);
      }
      return id;
    },
    { durable: true },
  );
}

/** Notes, in the caller's transaction, that a repository has an image under a digest. */
export function recordDigest(
  { db, clock }: ImageContext,
  {
    repository,
    digest,
    id,
    mediaType,
  }: {
    readonly repository: string;
    readonly digest: string;
    readonly id: string;
    readonly mediaType: string;
  },
): void {
  const sql = `INSERT INTO image_digests VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (repository, digest, image) DO UPDATE SET updated = excluded.updated`;
  db.run(sql, repository, digest, id, mediaType, clock());
}
