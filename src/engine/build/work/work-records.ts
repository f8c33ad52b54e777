import { PlimsollError } from '../../../errors.ts';
import { nearMisses } from '../../../lib/near-misses.ts';
import { type Database, isUniqueViolation, type Row } from '../../store/index.ts';
import type { WorkingContainer } from './types.ts';

/** Working containers of a root, in the table `works`. */
export interface WorkRecords {
  /** Throws `conflict` if the name is taken. */
  add(work: WorkingContainer): void;
  save(work: WorkingContainer): void;
  list(): WorkingContainer[];
  get(name: string): WorkingContainer;
  isTaken(name: string): boolean;
  remove(id: string): void;
}

export function createWorkRecords(db: Database): WorkRecords {
  const list = () => db.all('SELECT record FROM works ORDER BY created DESC, id').map(read);
  return {
    list,
    add: work => {
      try {
        const { id, name, created } = work;
        db.run('INSERT INTO works VALUES (?, ?, ?, ?)', id, name, created, JSON.stringify(work));
      } catch (error) {
        if (isUniqueViolation(error)) throw taken(work.name);
        throw error;
      }
    },
    save: work => void db.run('UPDATE works SET record = ? WHERE id = ?', JSON.stringify(work), work.id),
    isTaken: name => db.get('SELECT 1 FROM works WHERE name = ?', name) !== undefined,
    get: name => {
      const all = list();
      const byName = all.find(work => work.name === name);
      if (byName !== undefined) return byName;
      const [found, ...more] = name === '' ? [] : all.filter(({ id }) => id.startsWith(name));
      if (found !== undefined && more.length === 0) return found;
      throw unknown(name, all);
    },
    remove: id => void db.run('DELETE FROM works WHERE id = ?', id),
  };
}

function read(row: Row): WorkingContainer {
  return JSON.parse(String(row.record)) as WorkingContainer;
}

function taken(name: string): PlimsollError {
  return new PlimsollError('conflict', `there is a working container "${name}" already`, {
    code: 'WORK_NAME_TAKEN',
    hint: `choose another --name, or remove it with 'plimsoll work rm ${name}'`,
  });
}

function unknown(name: string, all: readonly WorkingContainer[]): PlimsollError {
  const near = nearMisses(
    name,
    all.map(work => work.name),
  );
  return new PlimsollError('not-found', `there is no working container "${name}"`, {
    code: 'WORK_NOT_FOUND',
    hint:
      near.length > 0
        ? `did you mean ${near.map(one => `"${one}"`).join(' or ')}`
        : "begin one with 'plimsoll work from IMAGE'",
  });
}
