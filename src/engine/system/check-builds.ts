import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { identify, namesIn } from '../kernel/index.ts';
import { createLeases, type Database, type Root } from '../store/index.ts';
import { type Finding, finding } from './finding.ts';

export interface BuildCheck {
  readonly root: Root;
  readonly db: Database;
}

/** What builds keep from one to the next: folders of cache mounts, journals, what is known of contexts. */
export function checkBuilds(check: BuildCheck): Finding[] {
  return [...cacheMounts(check), ...journals(check), ...contexts(check), ...works(check)];
}

/** A record without a folder is one whose folder is made at its next use. */
function cacheMounts({ root, db }: BuildCheck): Finding[] {
  const folder = join(root.dataDir, 'mounts');
  const dead = new Set(
    createLeases({ db, clock: Date.now })
      .dead()
      .map(({ id }) => id),
  );
  const isHeld = (lease: string | undefined) =>
    lease !== undefined && !dead.has(lease) && db.get('SELECT 1 FROM leases WHERE id = ?', lease);
  const isKnown = (name: string) =>
    db.get('SELECT 1 FROM build_mounts WHERE dir = ?', name) ?? isHeld(/^new-.+\.(\w+)$/.exec(name)?.[1]); // in the making
  return db
    .transaction(() => namesIn(folder).filter(name => !isKnown(name)))
    .map(name => stray('cache mount', folder, name));
}

function journals({ root, db }: BuildCheck): Finding[] {
  const folder = join(root.dataDir, 'builds');
  return namesIn(folder)
    .filter(name => name.endsWith('.jsonl'))
    .filter(name => !db.get('SELECT 1 FROM builds WHERE id = ?', name.slice(0, -'.jsonl'.length)))
    .map(name => stray('build', folder, name));
}

/** What is known of a context is in a file of 16 digits; one that is being written has its process in its name. */
function contexts({ root }: BuildCheck): Finding[] {
  const folder = join(root.dataDir, 'builds/contexts');
  const isBusy = (name: string) => identify(Number(name.split('.')[1])) !== undefined;
  return namesIn(folder)
    .filter(name => !/^[0-9a-f]{16}$/.test(name) && !isBusy(name))
    .map(name => stray('build', folder, name));
}

function works({ root, db }: BuildCheck): Finding[] {
  const folder = join(root.dataDir, 'works');
  return namesIn(folder)
    .filter(name => !db.get('SELECT 1 FROM works WHERE id = ?', name))
    .map(name => stray('working container', folder, name));
}

function stray(area: string, folder: string, name: string): Finding {
  return finding(area, name, `"${join(folder, name)}" has no record`, {
    fix: 'delete it',
    repair: () => rmSync(join(folder, name), { recursive: true, force: true }),
  });
}
