import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { errnoOf, PlimsollError } from '../../errors.ts';
import type { EventService } from '../events/index.ts';
import { withLock } from '../kernel/index.ts';
import type { Database, Root, Row } from '../store/index.ts';
import { localMount } from './local-options.ts';
import { mountLocal, unmountLocal } from './mount-local.ts';
import type { Volume, VolumeRequest, VolumeService } from './types.ts';
import { packFolder, roomOf, unpackFolder } from './volume-files.ts';

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
 * row and leaves (renamed away, then deleted) with it, so that a row always has its folder. What the options of a volume
 * say is mounted in the run folder while a container uses it.
 */
export function createVolumeService(options: VolumeServiceOptions): VolumeService {
  const { db } = options;
  return {
    list: () => db.all('SELECT * FROM volumes ORDER BY name').map(row => toVolume(options, row)),
    inspect: name => findVolume(options, name) ?? fail(volumeNotFound(name)),
    create({ name, labels = {}, options: own = {} } = {}) {
      const anonymous = name === undefined;
      const mounted = { labels, anonymous, options: own };
      return ensure(options, { name: name ?? randomBytes(32).toString('hex'), ...mounted });
    },
    remove: name => remove(options, name),
    use: (name, container) => use(options, name, container),
    release: (container, { removeAnonymous = false } = {}) => release(options, container, removeAnonymous),
    mount: name => mount(options, name),
    unmount: container => unmountIdle(options, container),
    export: (name, { signal } = {}) => exportVolume(options, name, signal),
    async import(name, tar, { signal } = {}) {
      ensure(options, { name, labels: {}, anonymous: false });
      const { path } = findVolume(options, name) ?? fail(volumeNotFound(name));
      await mount(options, name);
      await unpackFolder(path, tar, signal);
      await unmountUnneeded(options, name);
    },
    async sizes(names) {
      const own = names.map(name => findVolume(options, name) ?? fail(volumeNotFound(name)));
      const room = await roomOf(own.filter(volume => !isMounted(volume)).map(({ path }) => path));
      return new Map(own.map(({ name, path }) => [name, room.get(path) ?? 0]));
    },
  };
}

function ensure(
  options: VolumeServiceOptions,
  wanted: { name: string; anonymous: boolean } & Pick<VolumeRequest, 'labels' | 'options'>,
): Volume {
  const { db, events, clock } = options;
  const { name, labels = {}, anonymous, options: own } = wanted;
  validateName(name);
  localMount(own ?? {});
  return db.transaction(() => {
    const known = findVolume(options, name);
    if (known !== undefined) {
      if (own !== undefined && Object.keys(own).length > 0 && !isDeepStrictEqual(known.options, own))
        throw volumeDiffers(known);
      return known;
    }
    mkdirSync(dataFolder(options, name), { recursive: true, mode: 0o755 });
    db.run(
      'INSERT INTO volumes VALUES (?, ?, ?, ?, ?)',
      name,
      anonymous ? 1 : 0,
      JSON.stringify(labels),
      Math.trunc(clock()),
      JSON.stringify(own ?? {}),
    );
    events.emit('volume', 'create', name, { driver: 'local' });
    return findVolume(options, name) ?? fail(volumeNotFound(name));
  });
}

async function remove(options: VolumeServiceOptions, name: string): Promise<void> {
  await unmountUnneeded(options, name); // or its removal is refused
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
    ensure(options, { name, anonymous: false });
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
  const own = JSON.parse(String(row.options)) as Volume['options'];
  const uses = options.db.all('SELECT container FROM volume_uses WHERE volume = ? ORDER BY container', name);
  return {
    name,
    path: isMounted({ options: own }) ? mountPoint(options, name) : dataFolder(options, name),
    anonymous: row.anonymous === 1,
    labels: JSON.parse(String(row.labels)),
    options: own,
    created: Number(row.created),
    containers: uses.map(use => String(use.container)),
  };
}

function isMounted({ options }: Pick<Volume, 'options'>): boolean {
  return Object.keys(options).length > 0;
}

/** In the run folder: what deletes files of the root never meets files of others. */
function mountPoint({ root }: VolumeServiceOptions, name: string): string {
  return join(root.runDir, 'volumes', name);
}

/** Of several processes one mounts, or unmounts. */
function withMounts<T>({ root }: VolumeServiceOptions, action: () => Promise<T>): Promise<T> {
  return withLock(join(root.runDir, 'locks', 'volumes'), action);
}

async function mount(options: VolumeServiceOptions, name: string): Promise<void> {
  const volume = findVolume(options, name) ?? fail(volumeNotFound(name));
  const local = localMount(volume.options);
  if (local !== undefined) await withMounts(options, () => mountLocal(name, volume.path, local));
}

async function unmountIdle(options: VolumeServiceOptions, container: string): Promise<void> {
  const used = options.db.all(
    "SELECT volume FROM volume_uses JOIN volumes ON name = volume WHERE container = ? AND options <> '{}'",
    container,
  );
  for (const { volume } of used) await unmountUnneeded(options, String(volume), container);
}

/** A container that is there, or on its way, has a run folder. Without `but` one is enough to keep it. */
async function unmountUnneeded(options: VolumeServiceOptions, name: string, but?: string): Promise<void> {
  await withMounts(options, async () => {
    const volume = findVolume(options, name);
    if (volume === undefined || !isMounted(volume)) return;
    const others = volume.containers.filter(id => id !== but);
    const runs = (id: string) => existsSync(join(options.root.runDir, 'containers', id));
    if (!others.some(runs)) await unmountLocal(volume.path);
  });
}

async function exportVolume(
  options: VolumeServiceOptions,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Readable> {
  const { path } = findVolume(options, name) ?? fail(volumeNotFound(name));
  await mount(options, name);
  const tar = await packFolder(path, signal);
  tar.once('close', () => void unmountUnneeded(options, name));
  return tar;
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

function volumeDiffers({ name }: Volume): PlimsollError {
  return new PlimsollError('conflict', `the volume "${name}" is there already, with other options`, {
    code: 'VOLUME_DIFFERS',
    hint: 'choose another name, or remove it first',
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
