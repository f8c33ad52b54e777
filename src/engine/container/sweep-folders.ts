import { readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../errors.ts';
import type { World } from './world.ts';

/**
 * Deletes folders of containers that never got their record, as the process died that was making them. Whoever makes
 * a container makes its folder in the transaction that records it: nobody is between the two in a transaction of ours.
 */
export function sweepFolders({ root, db }: Pick<World, 'root' | 'db'>): void {
  sweepVolumes({ root, db });
  const folder = join(root.dataDir, 'containers');
  const recorded = Number(db.get('SELECT count(*) AS count FROM containers')?.count);
  if (readdirSync(folder).length <= recorded) return;
  const doomed = db.transaction(() => {
    const known = new Set(db.all('SELECT id FROM containers').map(row => String(row.id)));
    const strays = readdirSync(folder).filter(name => /^[0-9a-f]{64}$/.test(name) && !known.has(name));
    return strays.map(name => {
      const place = join(root.dataDir, 'tmp', `container-${name}`);
      renameSync(join(folder, name), place);
      return place;
    });
  });
  for (const place of doomed) rmSync(place, { recursive: true, force: true });
}

/** Likewise of volumes, but only what is empty: a volume's bytes are the user's, and are never deleted for lack of a record. */
function sweepVolumes({ root, db }: Pick<World, 'root' | 'db'>): void {
  const folder = join(root.dataDir, 'volumes');
  const recorded = Number(db.get('SELECT count(*) AS count FROM volumes')?.count);
  if (readdirSync(folder).length <= recorded) return;
  db.transaction(() => {
    const known = new Set(db.all('SELECT name FROM volumes').map(row => String(row.name)));
    for (const name of readdirSync(folder).filter(each => !known.has(each))) {
      for (const path of [join(folder, name, '_data'), join(folder, name)]) removeIfEmpty(path);
    }
  });
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'ENOTDIR'].includes(errnoOf(error) ?? '')) throw error;
  }
}
