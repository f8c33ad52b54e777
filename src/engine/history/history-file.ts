import { existsSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { messageOf, PlimsollError } from '../../errors.ts';

/** One row: many series over the seconds of its tier that begin at `time`. */
export interface HistoryRow {
  readonly time: number;
  readonly data: Uint8Array;
}

/** Keys are tier and time in one number, so that SQLite's own row id is the index. */
const keysPerTier = 2 ** 40;
const layoutVersion = 1;

/**
 * The file that a history is kept in: a SQLite database beside the engine's own, so that neither makes the other wait.
 * What is committed survives `kill -9` and power cuts.
 */
export class HistoryFile implements Disposable {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** What the recorder has given or looked up, and the hour in which it noted that. */
  readonly #numbers = new Map<string, { readonly number: number; readonly hour: number }>();

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** For reading; undefined if nothing has been recorded. Throws `data-loss` (`HISTORY_UNREADABLE`). */
  static openForReading(path: string): HistoryFile | undefined {
    if (!existsSync(path)) return undefined;
    try {
      const db = connect(path);
      if (versionOf(db) === layoutVersion) return new HistoryFile(db);
      db.close();
      return undefined; // just being made, or left by another version: who records starts anew
    } catch (error) {
      throw unreadable(path, error);
    }
  }

  /** For the one recorder. A file that is broken, or of another version, is put aside as `PATH.old`. */
  static openForWriting(path: string): HistoryFile {
    for (const isLast of [false, true]) {
      try {
        const db = connect(path);
        if (versionOf(db) === 0) create(db);
        if (versionOf(db) === layoutVersion) return new HistoryFile(db);
        db.close();
      } catch (error) {
        if (isLast || !isBroken(error)) throw error;
      }
      putAside(path);
    }
    throw unreadable(path, 'it cannot be made anew');
  }

  /** Rows of a tier that begin in a time, in order. */
  rows(tier: number, from: number, until: number): HistoryRow[] {
    return this.#prepare('SELECT key, data FROM rows WHERE key >= ? AND key < ? ORDER BY key')
      .all(keyOf(tier, from), keyOf(tier, until))
      .map(row => ({ time: Number(row.key) % keysPerTier, data: row.data as Uint8Array }));
  }

  /** When rows of a tier begin, in order, rounded down to `seconds` and each once. */
  times(tier: number, from: number, until: number, seconds: number): number[] {
    return this.#prepare(
      `SELECT DISTINCT (key % ${keysPerTier}) / ${seconds} * ${seconds} AS time FROM rows
         WHERE key >= ? AND key < ? ORDER BY time`, // as text: bound, a number is a REAL to SQLite, and its quotient too
    )
      .all(keyOf(tier, from), keyOf(tier, until))
      .map(({ time }) => Number(time));
  }

  /** When the last row of a tier begins, of those before a time: there are later ones where the clock was set back. */
  lastTime(tier: number, before: number): number | undefined {
    const row = this.#prepare('SELECT max(key) AS key FROM rows WHERE key >= ? AND key < ?').get(
      keyOf(tier, 0),
      keyOf(tier, before),
    );
    return row?.key == null ? undefined : Number(row.key) % keysPerTier;
  }

  put(tier: number, { time, data }: HistoryRow): void {
    this.#prepare('INSERT OR REPLACE INTO rows (key, data) VALUES (?, ?)').run(keyOf(tier, time), data);
  }

  /** Forgets rows of a tier that begin before a time. */
  forgetBefore(tier: number, time: number): void {
    this.#prepare('DELETE FROM rows WHERE key >= ? AND key < ?').run(keyOf(tier, 0), keyOf(tier, time));
  }

  /** Forgets the oldest rows of a tier that begin before a time; false if there is none. */
  forgetOldest(tier: number, before: number, count: number): boolean {
    const { changes } = this.#prepare(
      'DELETE FROM rows WHERE key IN (SELECT key FROM rows WHERE key >= ? AND key < ? LIMIT ?)',
    ).run(keyOf(tier, 0), keyOf(tier, before), count);
    return Number(changes) > 0;
  }

  /** The number of a series, given to it at first sight; notes, to the hour, when it was last seen. */
  seriesNumber(id: string, time: number): number {
    const hour = Math.floor(time / 3600);
    const known = this.#numbers.get(id);
    if (known?.hour === hour) return known.number;
    const row = this.#prepare(
      `INSERT INTO series (id, seen) VALUES (?, ?)
       ON CONFLICT (id) DO UPDATE SET seen = excluded.seen RETURNING number`,
    ).get(id, time);
    const number = Number(row?.number);
    this.#numbers.set(id, { number, hour });
    return number;
  }

  /** The ids of series, by number. */
  series(): Map<number, string> {
    const rows = this.#prepare('SELECT number, id FROM series').all();
    return new Map(rows.map(({ number, id }) => [Number(number), String(id)]));
  }

  forgetSeriesBefore(time: number): void {
    for (const [id, { hour }] of this.#numbers) if (hour * 3600 < time - 3600) this.#numbers.delete(id);
    this.#prepare('DELETE FROM series WHERE seen < ?').run(time);
  }

  /** Bytes of the file that hold something. */
  usedBytes(): number {
    const pragma = (name: string) => Number(this.#prepare(`PRAGMA ${name}`).get()?.[name]);
    return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size');
  }

  /** All of `action`, on disk when this returns, or nothing of it. */
  transaction(action: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      action();
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      this.#numbers.clear(); // some may have been given in what was rolled back
      throw error;
    }
  }

  /** SQLite's own proof of the file; empty when it is sound. */
  problems(): string[] {
    const words = this.#prepare('PRAGMA integrity_check').all();
    return words.map(row => String(row.integrity_check)).filter(word => word !== 'ok');
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const made = this.#db.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }
}

function keyOf(tier: number, time: number): number {
  return tier * keysPerTier + time;
}

function connect(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 5000 });
  try {
    // The log is cut back after each checkpoint, or one long reader would leave it large for ever.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 1048576;');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.user_version);
}

function create(db: DatabaseSync): void {
  db.exec(`BEGIN IMMEDIATE;
    CREATE TABLE rows (key INTEGER PRIMARY KEY, data BLOB NOT NULL);
    CREATE TABLE series (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, seen INTEGER NOT NULL);
    PRAGMA user_version = ${layoutVersion};
    COMMIT;`);
}

function putAside(path: string): void {
  for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
  renameSync(path, `${path}.old`);
}

/** SQLITE_CORRUPT, SQLITE_NOTADB. */
function isBroken(error: unknown): boolean {
  return [11, 26].includes(((error as { errcode?: number }).errcode ?? 0) & 0xff);
}

function unreadable(path: string, cause: unknown): PlimsollError {
  return new PlimsollError('data-loss', `the history "${path}" cannot be read: ${messageOf(cause)}`, {
    code: 'HISTORY_UNREADABLE',
    hint: 'remove that file, or record: "plimsoll record" puts a broken one aside; it holds nothing but past usage',
    data: { path },
    cause,
  });
}
