import { randomBytes } from 'node:crypto';
import { bootId, identify, isAlive } from '../kernel/index.ts';
import type { Database, Row } from './database.ts';

/** Holds something in flight: it is not freed while the lease is there and its process lives. */
export interface Lease extends Disposable {
  readonly id: string;
  /** Gives it back; safe to call twice. */
  release(): void;
}

/** A lease as the database has it. */
export interface LeaseRecord {
  readonly id: string;
  /** `stage`: the folder `tmp/<id>`; `layer`: the layer `target`. */
  readonly kind: string;
  readonly target: string;
  readonly pid: number;
}

/** Leases of all processes of a root. A lease of a dead process counts for nothing. */
export interface Leases {
  /** Takes a lease for this process. */
  take(kind: string, target: string): Lease;
  /** True while a living process holds this. */
  isHeld(kind: string, target: string): boolean;
  /** Leases whose process is gone, to tidy up after. */
  dead(): LeaseRecord[];
  /** Drops the lease of a dead process. */
  drop(id: string): void;
}

export function createLeases({ db, clock }: { db: Database; clock: () => number }): Leases {
  const boot = bootId();
  const self = identify(process.pid);
  const alive = (row: Row) =>
    row.boot_id === boot && isAlive({ pid: Number(row.pid), startTime: Number(row.start_time) });
  const drop = (id: string) => void db.run('DELETE FROM leases WHERE id = ?', id);
  return {
    take: (kind, target) => {
      const id = randomBytes(6).toString('hex');
      db.run(
        'INSERT INTO leases VALUES (?, ?, ?, ?, ?, ?, ?)',
        id,
        kind,
        target || id,
        process.pid,
        self?.startTime ?? 0,
        boot,
        clock(),
      );
      return { id, release: () => drop(id), [Symbol.dispose]: () => drop(id) };
    },
    isHeld: (kind, target) =>
      db.all('SELECT * FROM leases WHERE kind = ? AND target = ?', kind, target).some(alive),
    dead: () =>
      db
        .all('SELECT * FROM leases')
        .filter(row => !alive(row))
        .map(row => ({
          id: String(row.id),
          kind: String(row.kind),
          target: String(row.target),
          pid: Number(row.pid),
        })),
    drop,
  };
}
