import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, PlimsollError } from '../../errors.ts';
import type { EventService } from '../events/index.ts';
import type { Database, Root, Row } from '../store/index.ts';
import type { Volume, VolumeService } from './types.ts';

/** What the volume service of a root needs. */
export interface VolumeServiceOptions {
  readonly root: Root;
  readonly db: Database;
  readonly events: EventService;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/**
 * The volumes of a root: rows of table `volumes`, files in DATA/volumes/NAME/_data. The folder is made before its
 * row and leaves (renamed away, then deleted) with it, so that a row always has its folder.
 */
export function createVolumeService(options: VolumeServiceOptions): VolumeService {
  const { db } = options;
  return {
    list: () => db.all('SELECT * FROM volumes ORDER BY name').map(row => toVolume(options, row)),
    inspect: name => findVolume(options, name) ?? fail(volumeNotFound(name)),
    create({ name, labels = {} } = {}) {
      const anonymous = name === undefined;
      return ensure(options, { name: name ?? randomBytes(32).toString('hex'), labels, anonymous });
    },
    remove: name => remove(options, name),
    use: (name, container) => use(options, name, container),
    release: (container, { removeAnonymous = false } = {}) => release(options, container, removeAnonymous),
  };
}

function ensure(
  options: VolumeServiceOptions,
  wanted: { name: string; labels: Readonly<Record<string, string>>; anonymous: boolean },
): Volume {
  const { db, events, clock } = options;
  const { name, labels, anonymous } = wanted;
  validateName(name);
  return db.transaction(() => {
    const known = findVolume(options, name);
    if (known !== undefined) return known;
    mkdirSync(dataFolder(options, name), { recursive: true, mode: 0o755 });
    db.run(
      'INSERT INTO volumes VALUES (?, ?, ?, ?)',
      name,
      anonymous ? 1 : 0,
      JSON.stringify(labels),
      Math.trunc(clock()),
    );
    events.emit('volume', 'create', name, { driver: 'local' });
    return findVolume(options, name) ?? fail(volumeNotFound(name));
  });
}

async function remove(options: VolumeServiceOptions, name: string): Promise<void> {
  const trash = discard(options, name);
  await rm(trash, { recursive: true, force: true });
}

/** Takes a volume out of the database and its folder out of the way, together; returns where the folder is now. */
function discard(options: VolumeServiceOptions, name: string): string {
  const { root, db, events } = options;
  const trash = join(root.dataDir, 'tmp', `volume-${randomBytes(8).toString('hex')}`);
  db.transaction(() => {
    const volume = findVolume(options, name) ?? fail(volumeNotFound(name));
    if (volume.containers.length > 0) throw volumeInUse(db, volume);
    db.run('DELETE FROM volumes WHERE name = ?', name);
    events.emit('volume', 'destroy', name, { driver: 'local' });
    try {
      renameSync(join(root.dataDir, 'volumes', name), trash);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  });
  return trash;
}

function use(options: VolumeServiceOptions, name: string, container: string): Volume {
  const { db, events } = options;
  return db.transaction(() => {
    ensure(options, { name, labels: {}, anonymous: false });
    const added = db.run('INSERT OR IGNORE INTO volume_uses VALUES (?, ?)', name, container).changes > 0;
    if (added) events.emit('volume', 'mount', name, { container, driver: 'local' });
    return findVolume(options, name) ?? fail(volumeNotFound(name));
  });
}

async function release(
  options: VolumeServiceOptions,
  container: string,
  removeAnonymous: boolean,
): Promise<void> {
  const { db, events } = options;
  const trash = db.transaction(() => {
    const names = db
      .all('SELECT volume FROM volume_uses WHERE container = ?', container)
      .map(row => String(row.volume));
    db.run('DELETE FROM volume_uses WHERE container = ?', container);
    for (const name of names) events.emit('volume', 'unmount', name, { container, driver: 'local' });
    const orphans = names.map(name => findVolume(options, name)).filter(volume => volume !== undefined);
    return orphans
      .filter(volume => removeAnonymous && volume.anonymous && volume.containers.length === 0)
      .map(volume => discard(options, volume.name));
  });
  for (const folder of trash) await rm(folder, { recursive: true, force: true });
}

function findVolume(options: VolumeServiceOptions, name: string): Volume | undefined {
  const row = options.db.get('SELECT * FROM volumes WHERE name = ?', name);
  return row === undefined ? undefined : toVolume(options, row);
}

function toVolume(options: VolumeServiceOptions, row: Row): Volume {
  const name = String(row.name);
  const uses = options.db.all('SELECT container FROM volume_uses WHERE volume = ? ORDER BY container', name);
  return {
    name,
    path: dataFolder(options, name),
    anonymous: row.anonymous === 1,
    labels: JSON.parse(String(row.labels)),
    created: Number(row.created),
    containers: uses.map(use => String(use.container)),
  };
}

function dataFolder({ root }: VolumeServiceOptions, name: string): string {
  return join(root.dataDir, 'volumes', name, '_data');
}

/** The characters docker allows in names; the length of a file name. */
function validateName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/.test(name)) return;
  throw new PlimsollError('invalid-argument', `"${name}" is not a name for a volume`, {
    code: 'VOLUME_NAME_INVALID',
    hint: "use letters, digits, '_', '.' and '-', beginning with a letter or digit; a folder begins with '/' or './'",
    data: { name },
  });
}

function volumeNotFound(name: string): PlimsollError {
  return new PlimsollError('not-found', `there is no volume "${name}"`, {
    code: 'VOLUME_NOT_FOUND',
    data: { volume: name },
  });
}

function volumeInUse(db: Database, volume: Volume): PlimsollError {
  const users = volume.containers.map(id => {
    const name = db.get('SELECT name FROM containers WHERE id = ?', id)?.name;
    return name === undefined ? id.slice(0, 12) : String(name);
  });
  const words = users.map(user => `"${user}"`).join(', ');
  return new PlimsollError('conflict', `volume "${volume.name}" is in use by container ${words}`, {
    code: 'VOLUME_IN_USE',
    hint: 'remove the containers that use it first',
    data: { volume: volume.name, containers: volume.containers },
  });
}

function fail(error: PlimsollError): never {
  throw error;
}
