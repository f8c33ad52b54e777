import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SnapshotService } from '../../snapshot/index.ts';
import { createBlobs, createDownloads, createLeases } from '../../store/index.ts';
import type { OrphanUsage } from '../types.ts';
import { type DiskParts, diskUsage } from './disk-usage.ts';

export interface SweepParts extends DiskParts {
  readonly snapshots: Pick<SnapshotService, 'sweep'>;
  readonly builds: { sweep(): Promise<void> };
}

/**
 * Deletes what no record names and nobody is making; returns what went. Never a volume's folder, which is the user's.
 * Each kind is swept by those who make it, under their own locks.
 */
export async function sweepOrphans(parts: SweepParts, signal?: AbortSignal): Promise<readonly OrphanUsage[]> {
  const { root, db, snapshots, builds } = parts;
  const { orphans } = await diskUsage(parts, signal);
  if (orphans.length === 0) return [];
  const leases = createLeases({ db, clock: Date.now });
  await snapshots.sweep();
  await builds.sweep();
  createBlobs({ root, db, clock: Date.now }).sweep();
  createDownloads({ root, db, leases, clock: Date.now }).sweep();
  for (const { path } of orphans) {
    if (/^(?:containers|builds)\//.test(path))
      rmSync(join(root.dataDir, path), { recursive: true, force: true });
  }
  return orphans.filter(({ path }) => !existsSync(join(root.dataDir, path)));
}
