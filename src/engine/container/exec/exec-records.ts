import { PlimsollError } from '../../../errors.ts';
import type { Database, Row } from '../../store/index.ts';
import type { ExecDetails, ExecSpec } from './types.ts';

/** For how long what has ended is remembered, milliseconds; docker's five minutes. */
const keptMs = 5 * 60_000;
/** How many are remembered at most, beside those that run. */
const keptCount = 1000;

/** The rows of table `execs`. */
export interface ExecRecords {
  insert(record: Pick<ExecDetails, 'id' | 'container' | 'spec'>, now: number): void;
  /** The same, of one that runs from now on. */
  insertRunning(record: Pick<ExecDetails, 'id' | 'container' | 'spec'>, now: number): void;
  /** Throws `not-found` (`EXEC_NOT_FOUND`). */
  find(id: string): ExecDetails;
  /** Those of a container that have not ended. */
  unended(container: string): ExecDetails[];
  /** False if it was started before. */
  markStarted(id: string): boolean;
  markUnstarted(id: string): void;
  savePid(id: string, pid: number): void;
  /** False if somebody else has recorded its end. `pid` is kept if none was known before. */
  markEnded(id: string, end: { exitCode: number; pid: number | undefined }, now: number): boolean;
  /** Forgets what has ended long ago, and the oldest of too many. */
  tidy(now: number): void;
}

export function createExecRecords(db: Database): ExecRecords {
  const insert = (
    { id, container, spec }: Pick<ExecDetails, 'id' | 'container' | 'spec'>,
    status: string,
    now: number,
  ) =>
    void db.run(
      'INSERT INTO execs (id, container, created, status, spec) VALUES (?, ?, ?, ?, ?)',
      ...[id, container, now, status, JSON.stringify(spec)],
    );
  return {
    insert: (record, now) => insert(record, 'created', now),
    insertRunning: (record, now) => insert(record, 'running', now),
    find(id) {
      const row = db.get('SELECT * FROM execs WHERE id = ?', id);
      if (row !== undefined) return toDetails(row);
      throw new PlimsollError('not-found', `No such exec instance: ${id}`, { code: 'EXEC_NOT_FOUND' });
    },
    unended: container =>
      db
        .all("SELECT * FROM execs WHERE container = ? AND status <> 'ended' ORDER BY created", container)
        .map(toDetails),
    markStarted: id =>
      db.run("UPDATE execs SET status = 'running' WHERE id = ? AND status = 'created'", id).changes === 1,
    markUnstarted: id =>
      void db.run("UPDATE execs SET status = 'created' WHERE id = ? AND status = 'running'", id),
    savePid: (id, pid) => void db.run('UPDATE execs SET pid = ? WHERE id = ?', pid, id),
    markEnded: (id, { exitCode, pid }, now) =>
      db.run(
        `UPDATE execs SET status = 'ended', exit_code = ?, pid = coalesce(pid, ?), ended = ?
         WHERE id = ? AND status <> 'ended'`,
        ...[exitCode, pid ?? null, now, id],
      ).changes === 1,
    tidy(now) {
      db.run("DELETE FROM execs WHERE status = 'ended' AND ended < ?", now - keptMs);
      db.run(
        `DELETE FROM execs WHERE id IN (
           SELECT id FROM execs WHERE status <> 'running' ORDER BY created DESC LIMIT -1 OFFSET ?)`,
        keptCount,
      );
    },
  };
}

function toDetails(row: Row): ExecDetails {
  return {
    id: String(row.id),
    container: String(row.container),
    spec: JSON.parse(String(row.spec)) as ExecSpec,
    status: row.status as ExecDetails['status'],
    ...(row.pid === null ? {} : { pid: Number(row.pid) }),
    ...(row.exit_code === null ? {} : { exitCode: Number(row.exit_code) }),
  };
}
