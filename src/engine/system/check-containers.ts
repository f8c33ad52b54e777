import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerService } from '../container/index.ts';
import { isAlive, namesIn } from '../kernel/index.ts';
import type { Database, Root } from '../store/index.ts';
import { type Finding, finding } from './finding.ts';
import { isSettled } from './is-settled.ts';

export interface ContainerCheck {
  readonly root: Root;
  readonly db: Database;
  readonly containers: ContainerService;
}

/** Containers, volumes, names and addresses: what a record says is there, and nothing is there without a record. */
export function checkContainers(check: ContainerCheck): Finding[] {
  return [...states(check), ...folders(check), ...volumes(check), ...strayRows(check)];
}

function states({ containers }: ContainerCheck): Finding[] {
  return containers.list({ all: true }).flatMap(({ id, name, state }) => {
    const runs = state.status === 'running' || state.status === 'paused';
    if (!runs) return [];
    if (state.process === undefined) return [finding('container', name, `${state.status} without a process`)];
    if (!isAlive(state.process))
      return [finding('container', name, `its process ${state.process.pid} is gone`)];
    if (state.monitor !== undefined && !isAlive(state.monitor)) {
      return [
        finding(
          'container',
          name,
          `its monitor died: ${id.slice(0, 12)} runs, but its log and exit code are lost`,
        ),
      ];
    }
    return [];
  });
}

function folders({ root, db }: ContainerCheck): Finding[] {
  const known = new Set(db.all('SELECT id FROM containers').map(row => String(row.id)));
  const missing = [...known]
    .filter(id => !existsSync(join(root.dataDir, 'containers', id)))
    .map(id => finding('container', id.slice(0, 12), 'the record has no folder'));
  const stray = [join(root.dataDir, 'containers'), join(root.runDir, 'containers')].flatMap(folder =>
    namesIn(folder)
      .filter(name => /^[0-9a-f]{64}$/.test(name) && !known.has(name) && isSettled(join(folder, name)))
      .map(name => strayFolder('container', folder, name)),
  );
  return [...missing, ...stray];
}

function volumes({ root, db }: ContainerCheck): Finding[] {
  const known = new Set(db.all('SELECT name FROM volumes').map(row => String(row.name)));
  const folder = join(root.dataDir, 'volumes');
  const missing = [...known]
    .filter(name => !existsSync(join(folder, name)))
    .map(name => finding('volume', name, 'the record has no folder'));
  // A volume's bytes are the user's: what has no record is named, never deleted.
  const stray = namesIn(folder).filter(name => !known.has(name));
  return [...missing, ...stray.map(name => finding('volume', name, 'a folder without a record'))];
}

function strayRows({ db }: ContainerCheck): Finding[] {
  const tables = [
    { table: 'ports', area: 'network', what: 'port' },
    { table: 'volume_uses', area: 'volume', what: 'volume use' },
  ] as const;
  return tables.flatMap(({ table, area, what }) =>
    db
      .all(`SELECT DISTINCT container FROM ${table} WHERE container NOT IN (SELECT id FROM containers)`)
      .map(row => String(row.container))
      .filter(container => !container.startsWith('build-')) // a build step's; its lease is checked instead
      .map(container =>
        finding(area, container.slice(0, 12), `a ${what} is held for a container that is not there`, {
          fix: `free the ${what}`,
          repair: () => void db.run(`DELETE FROM ${table} WHERE container = ?`, container),
        }),
      ),
  );
}

function strayFolder(area: string, folder: string, name: string): Finding {
  return finding(area, name.slice(0, 12), `the folder "${join(folder, name)}" has no record`, {
    fix: 'delete the folder',
    repair: () => rmSync(join(folder, name), { recursive: true, force: true }),
  });
}
