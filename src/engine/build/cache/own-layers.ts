import type { SnapshotService } from '../../snapshot/index.ts';
import type { Database } from '../../store/index.ts';
import { unpackedBytes } from './layer-bytes.ts';

/** A layer that the cache has alone: no image names it. */
export interface OwnLayer {
  readonly diffId: string;
  /** With kept packed ones. If it is not measured, it is less than this. */
  readonly bytes: number;
  readonly isMeasured: boolean;
}

/** The layers that the cache has and no image names, out of the records alone: no file is looked at. */
export function ownLayers(db: Database, imageLayers: ReadonlySet<string>): OwnLayer[] {
  const rows = db.all(`
    WITH cached AS (SELECT DISTINCT diff_id FROM build_cache WHERE diff_id IS NOT NULL),
         packed AS (SELECT diff_id, sum((size + 4095) / 4096 * 4096) AS bytes FROM layer_blobs WHERE kept = 1 GROUP BY diff_id)
    SELECT layers.diff_id, size, tar_size, disk_bytes, ifnull(packed.bytes, 0) AS packed
    FROM cached JOIN layers USING (diff_id) LEFT JOIN packed USING (diff_id)`);
  const own = rows.filter(row => !imageLayers.has(String(row.diff_id)));
  return own.map(row => {
    const most = mostBytes(Number(row.size), Number(row.tar_size));
    const unpacked = row.disk_bytes === null ? most : Number(row.disk_bytes);
    return {
      diffId: String(row.diff_id),
      bytes: unpacked + Number(row.packed),
      isMeasured: row.disk_bytes !== null,
    };
  });
}

/** Measures a layer, once for ever. */
export async function measureOwn(
  { db, snapshots }: { db: Database; snapshots: Pick<SnapshotService, 'layer'> },
  diffId: string,
): Promise<void> {
  const bytes = await unpackedBytes(snapshots, diffId);
  db.run('UPDATE layers SET disk_bytes = ? WHERE diff_id = ?', bytes, diffId);
}

/**
 * What a layer takes at most: a file has at least 512 bytes of a tar beside what is in it, and rounds that up to a block
 * of 4096; its recipe holds no more than what the tar has beside the files.
 */
function mostBytes(fileBytes: number, tarBytes: number): number {
  return fileBytes + 9 * Math.max(0, tarBytes - fileBytes);
}
