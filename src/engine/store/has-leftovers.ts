import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { identify, namesIn } from '../kernel/index.ts';
import type { Database } from './database.ts';
import { createLeases } from './leases.ts';
import type { Root } from './root.ts';

/**
 * True if a process may have died at its work: its lease is still there, or something in `tmp` that nobody holds. Two
 * folders and a query or two; to tidy up is `SnapshotService.sweep`, which also leaves alone what others write just now.
 */
export function hasLeftovers(root: Pick<Root, 'dataDir'>, db: Database): boolean {
  const tmp = join(root.dataDir, 'tmp');
  // Names before leases: a lease is always there before its folder.
  const names = readdirSync(tmp).filter(name => name !== 'trash');
  if (createLeases({ db, clock: Date.now }).dead().length > 0) return true;
  const leased = new Set(db.all('SELECT id FROM leases').map(row => String(row.id)));
  return names.some(name => !leased.has(name)) || namesIn(join(tmp, 'trash')).some(isForgotten);
}

/** What is in the trash begins with the number of the process that is deleting it. */
function isForgotten(name: string): boolean {
  return identify(Number(name.split('.')[0])) === undefined;
}
