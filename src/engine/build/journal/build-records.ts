import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PlimsollError } from '../../../errors.ts';
import type { EventService } from '../../events/index.ts';
import { isAlive } from '../../kernel/index.ts';
import type { Database, Root, Row } from '../../store/index.ts';
import type { BuildRecord } from '../types.ts';
import { journalPath } from './build-journal.ts';

/** How many builds a root remembers. */
const keptBuilds = 200;

/** Builds of a root, in the table `builds`. */
export interface BuildRecords {
  begin(record: BuildRecord): void;
  end(record: BuildRecord): void;
  list(limit: number): BuildRecord[];
  get(build: string): BuildRecord;
  /** Builds that run now, in any process. */
  running(): BuildRecord[];
  /** Builds that were running when their process died, until `endLost` is told that what they left is tidied up. */
  lost(): BuildRecord[];
  endLost(record: BuildRecord): void;
}

export function createBuildRecords(options: {
  root: Root;
  db: Database;
  events: Pick<EventService, 'emit'>;
  clock: () => number;
}): BuildRecords {
  const { root, db, events, clock } = options;
  const save = (record: BuildRecord) =>
    db.run(
      'INSERT OR REPLACE INTO builds VALUES (?, ?, ?, ?)',
      record.id,
      record.started,
      record.state,
      JSON.stringify(record),
    );
  const marked = () => db.all("SELECT record FROM builds WHERE state = 'running'").map(asSeen);
  return {
    running: () => marked().filter(record => record.state === 'running'),
    begin: record => {
      db.transaction(() => {
        save(record);
        events.emit('build', 'start', record.id, { context: record.context, name: record.tags[0] ?? '' });
      });
      forgetOld(root, db);
    },
    end: record =>
      db.transaction(() => {
        save(record);
        events.emit('build', 'end', record.id, {
          outcome: record.state,
          name: record.tags[0] ?? '',
          ...(record.image === undefined ? {} : { image: record.image }),
        });
      }),
    list: limit => db.all('SELECT record FROM builds ORDER BY started DESC, id LIMIT ?', limit).map(asSeen),
    get: build => {
      const rows = db.all('SELECT record FROM builds WHERE id >= ? AND id < ? LIMIT 2', build, `${build}~`);
      const [row] = rows;
      if (row !== undefined && rows.length === 1 && build !== '') return asSeen(row);
      throw new PlimsollError('not-found', `there is no build "${build}"`, {
        code: 'BUILD_NOT_FOUND',
        hint: `the last ${keptBuilds} builds are kept`,
      });
    },
    lost: () => marked().filter(record => record.state === 'lost'),
    endLost: record => save({ ...record, finished: clock() }),
  };
}

/** A running build whose process is gone is lost, whatever its row says. */
function asSeen(row: Row): BuildRecord {
  const record = JSON.parse(String(row.record)) as BuildRecord;
  return record.state === 'running' && !isAlive(record.owner) ? { ...record, state: 'lost' } : record;
}

function forgetOld(root: Root, db: Database): void {
  const old = db.all(
    "SELECT id FROM builds WHERE state <> 'running' ORDER BY started DESC LIMIT -1 OFFSET ?",
    keptBuilds,
  );
  for (const { id } of old) {
    rmSync(journalPath(root, String(id)), { force: true });
    db.run('DELETE FROM builds WHERE id = ?', String(id));
  }
}

/** Names of the steps of a build that run a command, or did when its process died: each has a folder. */
export function commandSteps(root: Root, build: string): string[] {
  try {
    return readdirSync(join(root.runDir, 'builds', build)).map(step => `build-${build}-${step}`);
  } catch {
    return []; // it ran no command
  }
}
