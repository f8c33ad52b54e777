import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { monotonicMs } from '../../lib/monotonic-ms.ts';
import type { DiskRoom } from './disk-room.ts';

/** A connection to the database; `alone`: nobody else can use the database until it is closed. */
export interface Connection {
  readonly db: DatabaseSync;
  readonly alone: boolean;
}

const patienceMs = 5000;

/**
 * Connects to the database at `path`. Processes share it by a file of 32 KiB in memory that is mapped, for which a full
 * disk has no room (and may say so by a SIGBUS only): then the connection is alone, and has to be closed soon.
 */
export function openConnection(path: string, room: DiskRoom): Connection {
  const deadline = monotonicMs() + patienceMs;
  for (;;) {
    let failure: unknown;
    for (const alone of waysToConnect(path, room)) {
      try {
        return { db: connect(path, alone ? room : undefined), alone };
      } catch (error) {
        if (!(alone ? isBusy(error) : lacksRoom(error))) throw error;
        failure = error;
      }
    }
    if (monotonicMs() > deadline) throw failure;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
}

/** Alone on a full disk, unless others share the database already. */
function waysToConnect(path: string, room: DiskRoom): boolean[] {
  return room.isScarce() && !existsSync(`${path}-shm`) ? [true] : [false, true];
}

function connect(path: string, aloneIn: DiskRoom | undefined): DatabaseSync {
  aloneIn?.lendLog();
  const db = new DatabaseSync(path, { timeout: aloneIn === undefined ? patienceMs : 0 });
  try {
    if (aloneIn !== undefined) db.exec('PRAGMA locking_mode = EXCLUSIVE');
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;');
    db.prepare('PRAGMA user_version').get(); // reads, and so takes what it needs of files and locks
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function isBusy(error: unknown): boolean {
  return resultCode(error) === 5;
}

/** SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN. */
function lacksRoom(error: unknown): boolean {
  return [10, 13, 14].includes(resultCode(error));
}

function resultCode(error: unknown): number {
  return ((error as { errcode?: number }).errcode ?? 0) & 0xff;
}
