import { join } from 'node:path';
import { digestHex } from '../../../oci/index.ts';
import { identify, isAlive } from '../../kernel/index.ts';
import { createLeases, type Database, type Root } from '../../store/index.ts';
import { isSettled } from '../is-settled.ts';

/** To what a unit of a root belongs. */
export type Owner =
  | { readonly kind: 'layer'; readonly diffId: string }
  | { readonly kind: 'document'; readonly digest: string }
  | { readonly kind: 'container'; readonly id: string }
  | { readonly kind: 'volume'; readonly name: string }
  | { readonly kind: 'mount'; readonly dir: string }
  | { readonly kind: 'download' }
  /** The database, the history, journals of builds, and the folders that hold everything. */
  | { readonly kind: 'engine' }
  /** Somebody makes or deletes it at this moment. */
  | { readonly kind: 'work' }
  /** No record names it. */
  | { readonly kind: 'orphan' };

const engine: Owner = { kind: 'engine' };
const work: Owner = { kind: 'work' };
const orphan: Owner = { kind: 'orphan' };

/** Finds the owner of a unit by the records of the root, as they are when this is called. */
export function ownersOf(root: Root, db: Database): (unit: string) => Owner {
  const column = (sql: string) => db.all(sql).map(row => String(Object.values(row)[0]));
  const layers = new Map(
    db.all('SELECT dir, diff_id FROM layers').map(row => [String(row.dir), String(row.diff_id)]),
  );
  const packed = new Map(
    db
      .all('SELECT digest, diff_id FROM layer_blobs WHERE kept = 1')
      .map(row => [digestHex(String(row.digest)), String(row.diff_id)]),
  );
  const documents = new Set(
    column(
      'SELECT id FROM images UNION SELECT manifest FROM images UNION SELECT digest FROM image_digests ' +
        'UNION SELECT digest FROM attestations',
    ).map(digestHex),
  );
  const blobs = new Set(column('SELECT digest FROM blobs').map(digestHex));
  const downloads = new Set(column('SELECT digest FROM downloads').map(digestHex));
  const containers = new Set(column('SELECT id FROM containers'));
  const volumes = new Set(column('SELECT name FROM volumes'));
  const mounts = new Set(column('SELECT dir FROM build_mounts'));
  const works = new Set(column('SELECT id FROM works'));
  const builds = new Set(column('SELECT id FROM builds'));
  const dead = new Set(
    createLeases({ db, clock: Date.now })
      .dead()
      .map(({ id }) => id),
  );
  const leases = new Set(column('SELECT id FROM leases').filter(id => !dead.has(id)));

  return unit => {
    const slash = unit.lastIndexOf('/');
    const [shelf, name] = [unit.slice(0, Math.max(slash, 0)), unit.slice(slash + 1)];
    const layer = layers.get(name);
    switch (shelf) {
      case 'layers':
      case 'recipes':
        if (layer !== undefined) return { kind: 'layer', diffId: layer };
        return name === 'empty' ? engine : orphan;
      case 'blobs/sha256': {
        const diffId = packed.get(name);
        if (!blobs.has(name)) return orphan;
        if (diffId !== undefined) return { kind: 'layer', diffId };
        return documents.has(name) ? { kind: 'document', digest: `sha256:${name}` } : orphan;
      }
      case 'downloads':
        return downloads.has(name) ? { kind: 'download' } : orphan;
      case 'containers':
        if (containers.has(name)) return { kind: 'container', id: name };
        return isSettled(join(root.dataDir, unit)) ? orphan : work;
      case 'works':
        return works.has(name) ? { kind: 'container', id: name } : orphan;
      case 'volumes':
        return volumes.has(name) ? { kind: 'volume', name } : orphan;
      case 'mounts':
        if (mounts.has(name)) return { kind: 'mount', dir: name };
        return leases.has(name.split('.').at(-1) ?? '') ? work : orphan;
      case 'builds':
        return !name.endsWith('.jsonl') || builds.has(name.slice(0, -'.jsonl'.length)) ? engine : orphan;
      case 'tmp':
        if (name === 'trash') return engine;
        return leases.has(name) || isBusyFile(name) ? work : orphan;
      case 'tmp/trash':
        return identify(Number(name.split('.')[0])) !== undefined ? work : orphan;
      default:
        return engine;
    }
  };
}

/** A file `blob.<pid>.<start time>.<random>` that a living process is writing, or a folder `trial.…` in which it tries something. */
function isBusyFile(name: string): boolean {
  const [kind, pid, startTime] = name.split('.');
  return (kind === 'blob' || kind === 'trial') && isAlive({ pid: Number(pid), startTime: Number(startTime) });
}
