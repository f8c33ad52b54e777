import { join } from 'node:path';
import { digestHex } from '../../../oci/index.ts';
import { diskBytes, type SnapshotService } from '../../snapshot/index.ts';
import type { Database, Root } from '../../store/index.ts';

/** What a layer takes on the disk, as `du` says: its files, how its tar is put together, and packed ones that are kept. */
export async function layerBytes(
  { root, db, snapshots }: { root: Root; db: Database; snapshots: Pick<SnapshotService, 'layer'> },
  diffId: string,
): Promise<number> {
  const kept = db.all('SELECT digest FROM layer_blobs WHERE diff_id = ? AND kept = 1', diffId);
  const blobs = kept.map(({ digest }) => join(root.dataDir, 'blobs/sha256', digestHex(String(digest))));
  const packed = await Promise.all(blobs.map(diskBytes));
  return packed.reduce((sum, bytes) => sum + bytes, await unpackedBytes(snapshots, diffId));
}

/** The same without packed ones: it never changes. */
export async function unpackedBytes(
  snapshots: Pick<SnapshotService, 'layer'>,
  diffId: string,
): Promise<number> {
  const { path, recipe } = snapshots.layer(diffId) ?? {};
  const parts = await Promise.all(
    [path, recipe].flatMap(part => (part === undefined ? [] : diskBytes(part))),
  );
  return parts.reduce((sum, bytes) => sum + bytes, 0);
}
