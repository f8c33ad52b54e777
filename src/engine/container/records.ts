import { PlimsollError } from '../../errors.ts';
import type { PublishedPort } from '../network/index.ts';
import type { DriverName } from '../snapshot/index.ts';
import { type Database, isUniqueViolation, type Row } from '../store/index.ts';
import type { HealthCheck } from './health/types.ts';
import type { ContainerMount, ContainerSpec, ContainerState } from './types.ts';

/** What a spec came to be with its image, decided once at create. */
export interface Resolved {
  readonly entrypoint: readonly string[];
  /** The full command line that runs. */
  readonly command: readonly string[];
  readonly env: readonly string[];
  readonly workdir: string;
  readonly user: string;
  readonly hostname: string;
  /** With the names of anonymous volumes, targets absolute and clean. */
  readonly mounts: readonly ContainerMount[];
  readonly labels: Readonly<Record<string, string>>;
  readonly stopSignal: string;
  /** Absent in records of earlier versions. */
  readonly exposed?: readonly string[];
  readonly health?: HealthCheck;
  /** DiffIDs of the image, base first. */
  readonly layers: readonly string[];
  /** What its root filesystem is made with. Absent in records of earlier versions: `overlay`. */
  readonly driver?: DriverName;
  readonly warnings: readonly string[];
}

/** The state as stored: what summaries show of a run, and what only the engine needs. */
export interface StoredState extends ContainerState {
  /** Tells one run of the container from the next. */
  readonly run?: string;
  readonly addresses?: readonly string[];
  readonly ports?: readonly PublishedPort[];
  /** While `restarting`: when the next start is due, and the pause before it, in milliseconds. */
  readonly restartAt?: number;
  readonly backoffMs?: number;
  /** It is about to run: whoever finds this, and nobody at work on it, has to finish the start. */
  readonly starting?: boolean;
  /** It is being stopped to be started again. */
  readonly restartWanted?: boolean;
  /** While `removing`: its anonymous volumes go too, also if somebody else has to finish it. */
  readonly removesVolumes?: boolean;
}

export interface ContainerRecord {
  readonly id: string;
  readonly name: string;
  readonly imageId: string;
  readonly imageName: string;
  readonly created: number;
  readonly spec: ContainerSpec;
  readonly state: StoredState;
  readonly resolved: Resolved;
}

/** The rows of table `containers`, as records. */
export interface Records {
  /** The same objects as before where nothing has changed. */
  all(statuses?: readonly string[]): readonly ContainerRecord[];
  byId(id: string): ContainerRecord | undefined;
  /** By name, id, or unique prefix of an id. Throws `not-found`, or `invalid-argument` for an ambiguous prefix. */
  find(name: string): ContainerRecord;
  /** Throws `conflict` (`NAME_IN_USE`). */
  insert(record: ContainerRecord): void;
  saveState(id: string, state: StoredState): void;
  saveSpec(id: string, spec: ContainerSpec): void;
  saveResolved(id: string, resolved: Resolved): void;
  /** Throws `conflict` (`NAME_IN_USE`). */
  rename(id: string, name: string): void;
  delete(id: string): void;
}

export function createRecords(db: Database): Records {
  const byId = (id: string) => {
    const row = db.get('SELECT * FROM containers WHERE id = ?', id);
    return row === undefined ? undefined : toRecord(row);
  };
  return {
    byId,
    all: cachedLists(db),
    find: name => find(db, name),
    insert: record => insert(db, record),
    saveState: (id, state) =>
      void db.run(
        'UPDATE containers SET status = ?, state = ? WHERE id = ?',
        state.status,
        JSON.stringify(state),
        id,
      ),
    saveSpec: (id, spec) =>
      void db.run('UPDATE containers SET spec = ? WHERE id = ?', JSON.stringify(spec), id),
    saveResolved: (id, resolved) =>
      void db.run('UPDATE containers SET resolved = ? WHERE id = ?', JSON.stringify(resolved), id),
    rename: (id, name) => {
      try {
        db.run('UPDATE containers SET name = ? WHERE id = ?', name, id);
      } catch (error) {
        throw isUniqueViolation(error) ? nameInUse(db, name) : error;
      }
    },
    delete: id => void db.run('DELETE FROM containers WHERE id = ?', id),
  };
}

/**
 * Lists are asked for again and again, by clients, dashboards and the clock; most often nothing has changed, and else few
 * rows have: only those are parsed.
 */
function cachedLists(db: Database): Records['all'] {
  const lists = new Map<string, { readonly mark: string; readonly records: readonly ContainerRecord[] }>();
  const parsed = new Map<string, { readonly row: Row; readonly record: ContainerRecord }>();
  const reuse = (row: Row): ContainerRecord => {
    const known = parsed.get(String(row.id));
    if (known !== undefined && isSameRow(known.row, row)) return known.record;
    const record = toRecord(row);
    parsed.set(record.id, { row, record });
    return record;
  };
  return statuses => {
    const key = statuses?.join() ?? 'all';
    const mark = db.changeMark();
    const last = lists.get(key);
    if (last?.mark === mark) return last.records;
    const where = statuses === undefined ? '' : `WHERE status IN (${statuses.map(() => '?').join()})`;
    const rows = db.all(`SELECT * FROM containers ${where} ORDER BY created DESC, id`, ...(statuses ?? []));
    const records = rows.map(reuse);
    lists.set(key, { mark, records });
    if (parsed.size > 2 * rows.length + 100) {
      const kept = new Set(rows.map(row => String(row.id)));
      for (const id of parsed.keys()) if (!kept.has(id)) parsed.delete(id);
    }
    return records;
  };
}

function isSameRow(a: Row, b: Row): boolean {
  return (['state', 'spec', 'resolved', 'name'] as const).every(column => a[column] === b[column]);
}

function find(db: Database, name: string): ContainerRecord {
  const exact = db.get('SELECT * FROM containers WHERE name = ? OR id = ?', name, name);
  if (exact !== undefined) return toRecord(exact);
  const rows = /^[0-9a-f]{1,64}$/.test(name)
    ? db.all('SELECT * FROM containers WHERE id >= ? AND id < ? LIMIT 2', name, `${name}g`)
    : [];
  const [row, other] = rows;
  if (row === undefined) {
    throw new PlimsollError('not-found', `there is no container "${name}"`, {
      code: 'CONTAINER_NOT_FOUND',
      hint: "'plimsoll ps --all' lists them",
      data: { name },
    });
  }
  if (other !== undefined) {
    throw new PlimsollError(
      'invalid-argument',
      `"${name}" is the beginning of more than one container's id`,
      {
        code: 'CONTAINER_AMBIGUOUS',
        hint: 'use more of its digits, or its name',
        data: { name },
      },
    );
  }
  return toRecord(row);
}

function insert(
  db: Database,
  { id, name, imageId, imageName, created, spec, state, resolved }: ContainerRecord,
) {
  try {
    db.run(
      `INSERT INTO containers (id, name, image, image_name, created, status, spec, state, resolved)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[id, name, imageId, imageName, created, state.status],
      ...[spec, state, resolved].map(value => JSON.stringify(value)),
    );
  } catch (error) {
    throw isUniqueViolation(error) ? nameInUse(db, name) : error;
  }
}

function nameInUse(db: Database, name: string): PlimsollError {
  const owner = String(db.get('SELECT id FROM containers WHERE name = ?', name)?.id ?? '').slice(0, 12);
  return new PlimsollError('conflict', `the name "${name}" is taken by the container ${owner}`, {
    code: 'NAME_IN_USE',
    hint: `choose another name, or remove that one with 'plimsoll rm ${name}'`,
    data: { name, owner },
  });
}

function toRecord(row: Row): ContainerRecord {
  return {
    id: String(row.id),
    name: String(row.name),
    imageId: String(row.image),
    imageName: String(row.image_name),
    created: Number(row.created),
    spec: JSON.parse(String(row.spec)) as ContainerSpec,
    state: JSON.parse(String(row.state)) as StoredState,
    resolved: JSON.parse(String(row.resolved)) as Resolved,
  };
}
