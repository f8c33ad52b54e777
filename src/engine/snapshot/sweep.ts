import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, mountsBelow, unmount } from '../kernel/index.ts';
import type { Database, Leases, Root } from '../store/index.ts';
import type { Layers } from './layers.ts';
import type { Trash } from './trash.ts';

export interface SweepOptions {
  readonly root: Root;
  readonly db: Database;
  readonly leases: Leases;
  readonly layers: Layers;
  readonly trash: Trash;
}

/**
 * Tidies up after processes that died: their leases, their folders in `tmp` with what is mounted there, files and
 * folders that never got their row. Everything in `tmp` belongs to a lease or names its process.
 */
export async function sweep(options: SweepOptions): Promise<{ staged: number; layers: number }> {
  const { root, db, leases, layers, trash } = options;
  const tmp = join(root.dataDir, 'tmp');
  // Names before leases: a lease is always there before its folder, so that a folder seen here without one is nobody's.
  const names = readdirSync(tmp).filter(name => name !== 'trash');
  const dead = leases.dead();
  const gone = new Set(dead.map(lease => lease.id));
  const leased = new Set(db.all("SELECT id FROM leases WHERE kind = 'stage'").map(row => String(row.id)));
  const orphans = names.filter(name => !isBusyFile(name) && (gone.has(name) || !leased.has(name)));
  for (const name of orphans) {
    for (const target of mountsBelow(join(tmp, name)).reverse()) await unmount(target, { lazy: true });
    trash.take(join(tmp, name));
  }
  for (const lease of dead) leases.drop(lease.id);
  await trash.empty();
  return { staged: orphans.length, layers: await layers.sweep() };
}

/** A file `blob.<pid>.<start time>.<random>` that a living process is writing, or a folder `trial.…` in which it tries something. */
function isBusyFile(name: string): boolean {
  const [kind, pid, startTime] = name.split('.');
  return (kind === 'blob' || kind === 'trial') && isAlive({ pid: Number(pid), startTime: Number(startTime) });
}
