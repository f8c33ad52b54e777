import { randomFillSync } from 'node:crypto';
import {
  closeSync,
  linkSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Room for a database whose disk is full: a few megabytes in a file beside it. Without them a container whose log
 * filled the disk could be neither stopped nor removed, since both have to be written down first. The file takes the
 * place of SQLite's write-ahead log, and that its place again: no byte of it is ever free for others to take.
 */
export interface DiskRoom {
  /** True if next to nothing is left on the disk; costs a few microseconds. */
  isScarce(): boolean;
  /** True if the disk has plenty, and no spare bytes are laid aside yet. */
  wantsSpare(): boolean;
  /** Lays spare bytes aside. */
  keep(): void;
  /** Before the database is opened: makes the spare bytes its log, unless it has one. */
  lendLog(): void;
  /** Closes the database, which deletes its log, so that the spare bytes are left. */
  takeBackLog(close: () => void): void;
  /** Gives the spare bytes back to the disk; false if there are none. */
  give(): boolean;
}

const spareBytes = 4 * 1024 * 1024;
const scarceBytes = 1024 * 1024; // SQLite's shared memory, its log, and what a removal moves about
const plentyBytes = 4 * spareBytes;

/** The room of the database at `path`. What fails here fails in silence: then there just is no spare. */
export function diskRoom(path: string): DiskRoom {
  const log = `${path}-wal`;
  const spare = `${path}-spare`;
  /** What is being moved has a name of this process's own: two must not use it at once. */
  const mine = `${spare}.${process.pid}`;
  return {
    isScarce: () => freeBytes(path) < scarceBytes,
    wantsSpare: () => sizeOf(spare) < spareBytes && freeBytes(path) >= plentyBytes,
    keep() {
      for (const name of [...leftovers(spare), spare]) quietly(() => rmSync(name));
      quietly(() => fill(spare));
    },
    lendLog() {
      if (sizeOf(log) >= 0 || !quietly(() => renameSync(spare, mine))) return;
      // Without a header its bytes, maybe an older log's, mean nothing.
      const isLog = quietly(() => clearHeader(mine)) && quietly(() => linkSync(mine, log));
      quietly(() => (isLog ? rmSync(mine) : renameSync(mine, spare)));
    },
    takeBackLog(close) {
      const isKept = sizeOf(spare) < 0 && quietly(() => linkSync(log, mine));
      close();
      if (isKept) quietly(() => renameSync(mine, spare));
    },
    give: () => quietly(() => rmSync(spare)),
  };
}

function freeBytes(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY; // nothing is known: all goes on as usual
  }
}

/** -1: there is no such file. */
function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? -1;
}

/** What processes left that were killed while they moved it. */
function leftovers(spare: string): string[] {
  const folder = dirname(spare);
  return readdirSync(folder)
    .filter(name => name.startsWith(`${basename(spare)}.`))
    .map(name => join(folder, name));
}

/** Random bytes: of others a file system that compresses would keep no room. */
function fill(file: string): void {
  const descriptor = openSync(file, 'wx', 0o600); // who comes second leaves it to the first
  try {
    const bytes = randomFillSync(Buffer.allocUnsafe(spareBytes));
    for (let written = 0; written < spareBytes; ) written += writeSync(descriptor, bytes, written);
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** 32 bytes: the header of a write-ahead log (sqlite.org/fileformat2.html#walformat). */
function clearHeader(file: string): void {
  const descriptor = openSync(file, 'r+');
  try {
    writeSync(descriptor, Buffer.alloc(32), 0, 32, 0);
  } finally {
    closeSync(descriptor);
  }
}

function quietly(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false; // read-only, full after all, or another process was faster
  }
}
