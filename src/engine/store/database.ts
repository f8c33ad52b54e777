import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { type ErrorKind, PlimsollError } from '../../errors.ts';
import { type Connection, openConnection } from './connection.ts';
import { type DiskRoom, diskRoom } from './disk-room.ts';
import { migrations } from './schema.ts';

/** A row as SQLite gives it; the caller turns it into its own type at once. */
export type Row = Readonly<Record<string, string | number | bigint | null | Uint8Array>>;

/**
 * The metadata database: SQLite in WAL mode, safe among processes and against `kill -9` and power cuts
 * (synchronous=NORMAL never corrupts; the last transactions before a power cut may be missing, whole). It can be read
 * and changed also when its disk is full. Wraps the young `node:sqlite` so that nothing else depends on it.
 */
export class Database implements Disposable {
  readonly #path: string;
  readonly #room: DiskRoom;
  /** Undefined between operations while the database cannot be shared, and after `close`. */
  #connection: Connection | undefined;
  readonly #statements = new Map<string, StatementSync>();
  #depth = 0;
  /** Of this connection's own. */
  #changes = 0;
  #isClosed = false;

  private constructor(path: string, room: DiskRoom) {
    this.#path = path;
    this.#room = room;
  }

  /** Opens (and creates or migrates) the database at `path`. */
  static open(path: string): Database {
    const database = new Database(path, diskRoom(path));
    database.#use(db => migrate(db, path));
    return database;
  }

  /** All rows of a query. */
  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#use(db => this.#prepare(db, sql).all(...values) as Row[]);
  }

  /** The first row of a query. */
  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#use(db => this.#prepare(db, sql).get(...values) as Row | undefined);
  }

  /** Runs a statement; returns how many rows it changed and the last row id. */
  run(sql: string, ...values: SQLInputValue[]): { changes: number; lastId: number } {
    return this.#use(db => {
      this.#makeRoom(db);
      this.#changes++;
      const { changes, lastInsertRowid } = this.#prepare(db, sql).run(...values);
      return { changes: Number(changes), lastId: Number(lastInsertRowid) };
    });
  }

  /**
   * Runs `action` as one transaction that takes the write lock at once; rolls back if it throws. Nests.
   * `durable`: on disk before this returns (costs an fsync), for what files depend on; the outermost one counts.
   */
  transaction<T>(action: () => T, options: { durable?: boolean } = {}): T {
    if (this.#depth > 0) return action();
    return this.#use(db => {
      this.#makeRoom(db);
      db.exec(`PRAGMA synchronous = ${options.durable ? 'FULL' : 'NORMAL'}`);
      db.exec('BEGIN IMMEDIATE');
      this.#depth++;
      try {
        const result = action();
        db.exec('COMMIT');
        return result;
      } catch (error) {
        this.#changes++;
        if (db.isTransaction) db.exec('ROLLBACK'); // SQLite has done so itself when the disk is full
        throw error;
      } finally {
        this.#depth--;
      }
    });
  }

  /** Changes whenever another connection has committed: a cheap "did anything happen". */
  dataVersion(): number {
    const version = Number(this.get('PRAGMA data_version')?.data_version);
    return this.#connection === undefined ? performance.now() : version; // a new connection each time cannot tell
  }

  /** Stays the same as long as nobody, this process included, has changed anything: what was read then still holds. */
  changeMark(): string {
    return `${this.dataVersion()} ${this.#changes}`;
  }

  /** SQLite's own proof of the file; empty when it is sound. */
  integrityProblems(): string[] {
    const words = this.all('PRAGMA integrity_check').map(row => String(row.integrity_check));
    return words.filter(word => word !== 'ok');
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const wantsSpare = this.#room.wantsSpare();
    if (wantsSpare && this.#connection !== undefined) occupy(this.#connection.db);
    this.#disconnect();
    if (wantsSpare) this.#room.keep();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Runs one operation, with a connection for it alone where the database cannot be shared. */
  #use<T>(action: (db: DatabaseSync) => T): T {
    if (this.#isClosed) throw new TypeError('the database is closed');
    try {
      this.#connection ??= openConnection(this.#path, this.#room);
      return action(this.#connection.db);
    } catch (error) {
      throw explained(error, this.#path);
    } finally {
      if (this.#connection?.alone && this.#depth === 0) this.#disconnect();
    }
  }

  /** Before something is written to a full disk. Who is alone writes into the spare bytes anyway. */
  #makeRoom(db: DatabaseSync): void {
    if (this.#depth > 0 || this.#connection?.alone || !this.#room.isScarce()) return;
    if (this.#room.give()) occupy(db);
    db.exec('PRAGMA wal_checkpoint(PASSIVE)'); // so that the log is used from its beginning again
  }

  #disconnect(): void {
    this.#statements.clear();
    const { db, alone } = this.#connection ?? {};
    this.#connection = undefined;
    if (alone) this.#room.takeBackLog(() => db?.close());
    else db?.close();
  }

  #prepare(db: DatabaseSync, sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** Takes room for some hundred changes before somebody else does: free pages, and a log. */
function occupy(db: DatabaseSync): void {
  try {
    db.exec('CREATE TABLE room (bytes); INSERT INTO room VALUES (zeroblob(262144)); DROP TABLE room;');
  } catch {
    // there is too little, or somebody else writes: what is to be written now may still fit
  }
}

/** True if a statement failed because a unique name or number is taken. */
export function isUniqueViolation(error: unknown): boolean {
  const code = (error as { errcode?: number }).errcode;
  return code === 2067 || code === 1555; // SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_PRIMARYKEY
}

/** What a user can do about, in our words (sqlite.org/rescode.html); any other error as it is. */
function explained(error: unknown, path: string): unknown {
  const code = (error as { errcode?: number }).errcode ?? 0;
  const known = explanations[code & 0xff];
  if (known === undefined) return error;
  const [kind, name, message, hint] = known;
  return new PlimsollError(kind, message.replace('%', `"${path}"`), { code: name, hint, cause: error });
}

const explanations: Readonly<
  Record<number, readonly [kind: ErrorKind, code: string, message: string, hint: string]>
> = {
  5: ['unavailable', 'DATABASE_BUSY', 'another process keeps the database % locked', 'try again in a moment'],
  8: [
    'permission-denied',
    'ROOT_UNWRITABLE',
    'the database % cannot be written',
    'run as root, or choose a folder of your own with --root',
  ],
  10: [
    'unavailable',
    'DISK_FAILS',
    'the disk that holds % is full, or does not work',
    'free some space, or see what dmesg says about the disk',
  ],
  11: ['data-loss', 'DATABASE_DAMAGED', 'the database % is damaged', "see 'plimsoll system check'"],
  13: [
    'resource-exhausted',
    'DISK_FULL',
    'the disk that holds % is full',
    'free some space, or choose a folder on another disk with --root',
  ],
  14: [
    'permission-denied',
    'ROOT_UNWRITABLE',
    'the database % cannot be opened',
    'run as root, or choose a folder of your own with --root',
  ],
  26: ['data-loss', 'DATABASE_DAMAGED', 'the file % is not a database', 'choose another root with --root'],
};

function migrate(db: DatabaseSync, path: string): void {
  if (version(db) === migrations.length) return;
  db.exec('BEGIN EXCLUSIVE');
  const from = version(db); // another process may have migrated while this one waited
  if (from > migrations.length) {
    db.exec('ROLLBACK');
    throw new PlimsollError('not-implemented', `the root's database "${path}" was made by a newer plimsoll`, {
      code: 'SCHEMA_TOO_NEW',
      hint: 'upgrade this plimsoll, or choose another root with --root',
    });
  }
  for (const step of migrations.slice(from)) db.exec(step);
  db.exec(`PRAGMA user_version = ${migrations.length}`);
  db.exec('COMMIT');
}

function version(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.user_version);
}
