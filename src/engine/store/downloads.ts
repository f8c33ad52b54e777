import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { digestHex } from '../../oci/index.ts';
import type { Database, Row } from './database.ts';
import type { Leases } from './leases.ts';
import type { Root } from './root.ts';

/** A blob on its way in, of any process of the root. */
export interface Download {
  readonly digest: string;
  readonly path: string;
  /** Bytes that are here. */
  readonly bytes: number;
  /** Bytes when it is whole. */
  readonly size: number;
  /** Where it comes from: `docker.io/library/busybox`. */
  readonly repository: string;
  /** When somebody last asked for it, in milliseconds since the epoch. */
  readonly updated: number;
}

/**
 * Blobs on their way in: files that grow, and that outlive an interruption so that the next pull goes on with them. Each
 * has a row from before its file is there. One becomes a blob, or is forgotten.
 */
export interface Downloads {
  /** Records a download, if it is new, and says how much of it is here. Hold the lease `download` on its digest. */
  begin(download: Pick<Download, 'digest' | 'size' | 'repository'>): Download;
  /** Forgets one and deletes what is left of its file. */
  forget(digest: string): void;
  list(): Download[];
  /** Frees those that no living process works on, last asked for before `before`; returns them. */
  prune(before?: number): Download[];
  /** Deletes files without a row; returns how many. */
  sweep(): number;
}

export function createDownloads({
  root,
  db,
  leases,
  clock,
}: {
  readonly root: Root;
  readonly db: Database;
  readonly leases: Leases;
  readonly clock: () => number;
}): Downloads {
  const folder = join(root.dataDir, 'downloads');
  const toDownload = (row: Row): Download => {
    const digest = String(row.digest);
    const path = join(folder, digestHex(digest));
    const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    const [size, updated] = [Number(row.size), Number(row.updated)];
    return { digest, path, bytes, size, repository: String(row.repository), updated };
  };
  const list = () => db.all('SELECT * FROM downloads ORDER BY updated, digest').map(toDownload);
  const forget = (digest: string) => {
    rmSync(join(folder, digestHex(digest)), { force: true });
    db.run('DELETE FROM downloads WHERE digest = ?', digest);
  };
  return {
    begin: ({ digest, size, repository }) => {
      const sql = `INSERT INTO downloads VALUES (?, ?, ?, ?)
        ON CONFLICT (digest) DO UPDATE SET repository = excluded.repository, updated = excluded.updated`;
      db.run(sql, digest, size, repository, clock());
      return toDownload(db.get('SELECT * FROM downloads WHERE digest = ?', digest) ?? {});
    },
    forget,
    list,
    prune: (before = Number.POSITIVE_INFINITY) =>
      db.transaction(() => {
        const idle = list().filter(
          ({ digest, updated }) => updated < before && !leases.isHeld('download', digest),
        );
        for (const { digest } of idle) forget(digest);
        return idle;
      }),
    sweep: () =>
      db.transaction(() => {
        const known = new Set(
          db.all('SELECT digest FROM downloads').map(row => digestHex(String(row.digest))),
        );
        const orphans = readdirSync(folder).filter(name => !known.has(name));
        for (const name of orphans) rmSync(join(folder, name), { recursive: true, force: true });
        return orphans.length;
      }),
  };
}
