import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createLeases, type Database, type Lease, type Root } from '../../store/index.ts';
import { takeTurn } from './take-turn.ts';

export interface CacheMountRequest {
  /** As the user named it. */
  readonly id: string;
  readonly sharing: 'shared' | 'private' | 'locked';
  /** Digest of what it begins with; another beginning is another folder. */
  readonly origin?: string;
  /** Puts that into the new, empty folder. */
  readonly fill?: (folder: string) => Promise<void>;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly signal: AbortSignal;
  /** Called once if somebody else has to finish first. */
  readonly onWait?: () => void;
}

/** A cache mount in use; disposing of it lets others have it. */
export interface TakenCacheMount extends Disposable {
  readonly folder: string;
}

/** A kept folder. Times are milliseconds since the epoch. */
export interface CacheMountRecord {
  /** Name of its folder, unique in the root. */
  readonly id: string;
  /** As the Dockerfile names it. */
  readonly name: string;
  readonly folder: string;
  readonly created: number;
  readonly lastUsed: number;
  readonly inUse: boolean;
  /** What it took on the disk when it was last measured. */
  readonly measuredBytes: number;
  /** Nobody has used it since then. */
  readonly isMeasured: boolean;
}

/** Folders that RUN --mount=type=cache keeps from build to build, in `mounts/` and the table build_mounts. */
export interface CacheMounts {
  /** Waits its turn and gives the folder, made if it is new. Throws `cancelled`. */
  take(request: CacheMountRequest): Promise<TakenCacheMount>;
  list(): CacheMountRecord[];
  /** Remembers what one takes on the disk, measured since `time`; only for now if somebody uses it. */
  measured(id: string, bytes: number, time: number): void;
  /** Deletes one that nobody uses; false if somebody does, or did after `lastUsed`. */
  remove(id: string, lastUsed?: number): Promise<boolean>;
  /** Deletes folders that have no row: what a process left that died while it deleted. */
  sweep(): Promise<void>;
}

/** Opens the cache mounts of a root. `clock` is in milliseconds since the epoch. */
export function openCacheMounts({
  root,
  db,
  clock,
}: {
  root: Root;
  db: Database;
  clock: () => number;
}): CacheMounts {
  const leases = createLeases({ db, clock });
  const base = join(root.dataDir, 'mounts');
  /** Leases of those who share a folder, and of the one who has it alone. */
  const isAlone = (dir: string) => leases.isHeld('mount-alone', dir);
  const isTaken = (dir: string) => isAlone(dir) || leases.isHeld('mount', dir);
  const remember = (key: string, variant: number, name: string) => {
    const dir = `${key.slice(0, 16)}-${variant}`;
    db.run(
      'INSERT INTO build_mounts (key, variant, name, dir, created, last_used) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key, variant) DO UPDATE SET last_used = excluded.last_used',
      ...[key, variant, name, dir, clock(), clock()],
    );
    return dir;
  };
  const tryTake = (key: string, { id, sharing }: CacheMountRequest): Taken | undefined =>
    db.transaction(() => {
      const first = `${key.slice(0, 16)}-0`;
      if (sharing === 'shared') {
        if (isAlone(first)) return undefined;
        return { dir: remember(key, 0, id), lease: leases.take('mount', first) };
      }
      if (sharing === 'locked') {
        if (isTaken(first)) return undefined;
        return { dir: remember(key, 0, id), lease: leases.take('mount-alone', first) };
      }
      for (let variant = 0; ; variant++) {
        const dir = `${key.slice(0, 16)}-${variant}`;
        if (isTaken(dir)) continue;
        return { dir: remember(key, variant, id), lease: leases.take('mount-alone', dir) };
      }
    });
  /** Makes a folder whole and puts it in its place; another process may do the same, and the first one wins. */
  const makeFolder = async (folder: string, beside: string, request: CacheMountRequest) => {
    mkdirSync(beside);
    try {
      await request.fill?.(beside);
      chownSync(beside, request.uid, request.gid);
      chmodSync(beside, request.mode);
      db.transaction(() => {
        if (!existsSync(folder)) renameSync(beside, folder);
      });
    } finally {
      await rm(beside, { recursive: true, force: true });
    }
  };
  return {
    take: async request => {
      const key = createHash('sha256')
        .update(JSON.stringify([request.id, request.origin ?? '']))
        .digest('hex');
      const { dir, lease } = await takeTurn(() => tryTake(key, request), {
        signal: request.signal,
        onWait: request.onWait,
        what: 'waiting for a cache mount',
      });
      try {
        const folder = join(base, dir);
        if (!existsSync(folder)) await makeFolder(folder, join(base, `new-${dir}.${lease.id}`), request);
        return { folder, [Symbol.dispose]: () => lease.release() };
      } catch (error) {
        lease.release();
        throw error;
      }
    },
    list: () =>
      db.all('SELECT * FROM build_mounts ORDER BY last_used').map(row => ({
        id: String(row.dir),
        name: String(row.name),
        folder: join(base, String(row.dir)),
        created: Number(row.created),
        lastUsed: Number(row.last_used),
        inUse: isTaken(String(row.dir)),
        measuredBytes: Number(row.disk_bytes),
        isMeasured: Number(row.measured) > Number(row.last_used),
      })),
    measured: (id, bytes, time) =>
      void db.run(
        'UPDATE build_mounts SET disk_bytes = ?, measured = ? WHERE dir = ?',
        ...[bytes, isTaken(id) ? 0 : time, id],
      ),
    remove: async (id, lastUsed) => {
      const gone = db.transaction(() => {
        const row = db.get('SELECT last_used FROM build_mounts WHERE dir = ?', id);
        if (isTaken(id) || (lastUsed !== undefined && row?.last_used !== lastUsed)) return false;
        db.run('DELETE FROM build_mounts WHERE dir = ?', id);
        const away = join(base, `old-${id}-${clock()}`);
        if (existsSync(join(base, id))) renameSync(join(base, id), away);
        return true;
      });
      if (gone) await removeAll(base, name => name.startsWith(`old-${id}-`));
      return gone;
    },
    sweep: async () => {
      const isOrphan = (name: string) =>
        db.get('SELECT 1 FROM build_mounts WHERE dir = ?', name) === undefined && !isBeingMade(name, isTaken);
      if (!readdirSync(base).some(isOrphan)) return;
      // In a transaction, so that no other process is between its row and its folder.
      const orphans = db.transaction(() => readdirSync(base).filter(isOrphan));
      await removeAll(base, name => orphans.includes(name));
    },
  };
}

interface Taken {
  readonly dir: string;
  readonly lease: Lease;
}

/** True for a folder `new-<dir>.<lease>` that somebody is making now. */
function isBeingMade(name: string, isTaken: (dir: string) => boolean): boolean {
  const dir = /^new-(.+)\.\w+$/.exec(name)?.[1];
  return dir !== undefined && isTaken(dir);
}

async function removeAll(base: string, wanted: (name: string) => boolean): Promise<void> {
  for (const name of readdirSync(base).filter(wanted))
    await rm(join(base, name), { recursive: true, force: true });
}
