import { Readable } from 'node:stream';
import { PlimsollError } from '../../../errors.ts';
import { type PathFacts, packTree, unpackTree } from '../../archive/index.ts';
import { folderBytes } from '../folder-bytes.ts';
import type { ContainerRecord } from '../records.ts';
import { announce, pathsOf, type World } from '../world.ts';
import { changedFolder, commitContainer } from './commit.ts';
import { type OpenFilesystem, type OpenOptions, openFilesystem } from './open-filesystem.ts';
import type { ContainerFiles } from './types.ts';

/** See `ContainerFiles`. */
export function createContainerFiles(world: World): ContainerFiles {
  const { records } = world;
  return {
    stat: async (name, path, options) => {
      await using files = await openFilesystem(world, records.find(name).id);
      const facts = files.tree.facts(bytesOf(path), options);
      return facts === undefined ? undefined : shown(facts);
    },
    read: async (name, path, { signal } = {}) => {
      const record = records.find(name);
      const archive = { path: bytesOf(path), name: lastPartOf(path) };
      const tar = await packed(world, record, archive, signal === undefined ? {} : { signal });
      world.db.transaction(() => announce(world, record, 'archive-path', { path }));
      return tar;
    },
    write: async (name, folder, tar, options = {}) => {
      const record = records.find(name);
      await using files = await openFilesystem(world, record.id, signalOf(options));
      requireFolder(files.tree.facts(bytesOf(folder), { follow: true }), folder);
      await unpackTree({ tree: files.tree, folder: bytesOf(folder), tar, ...options });
      world.db.transaction(() => announce(world, record, 'extract-to-dir', { path: folder }));
    },
    export: async (name, options = {}) => {
      const record = records.find(name);
      const tar = await packed(world, record, { path: '/', name: '' }, { bare: true, ...signalOf(options) });
      world.db.transaction(() => announce(world, record, 'export'));
      return tar;
    },
    changes: name => world.snapshots.changes(changedFolder(world, records.find(name))),
    sizes: async name => {
      const { id, imageId } = records.find(name);
      const writtenBytes = await folderBytes(pathsOf(world.root, id).upper);
      return { writtenBytes, totalBytes: writtenBytes + world.images.resolve(imageId).sizeBytes };
    },
    commit: (name, request = {}) => commitContainer(world, records.find(name), request),
  };
}

/** The files are let go when the tar has been read, or is destroyed. */
async function packed(
  world: World,
  record: ContainerRecord,
  { path, name }: { path: string; name: string },
  options: OpenOptions,
): Promise<Readable> {
  const files = await openFilesystem(world, record.id, options);
  if (files.tree.facts(path, { follow: false }) === undefined) {
    await files[Symbol.asyncDispose]();
    throw noPath(record.name, path);
  }
  const pieces = packTree({ tree: files.tree, path, name, ...signalOf(options) });
  const tar = Readable.from(lent(files, pieces), { objectMode: false });
  tar.once('close', () => void files[Symbol.asyncDispose]()); // where nobody began to read
  return tar;
}

async function* lent(files: OpenFilesystem, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } finally {
    await files[Symbol.asyncDispose]();
  }
}

function signalOf({ signal }: { signal?: AbortSignal }): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** Paths of files are bytes: inside they are text of one character per byte. */
function bytesOf(path: string): string {
  const absolute = path.startsWith('/') ? path : `/${path}`;
  return Buffer.from(absolute, 'utf8').toString('latin1');
}

function lastPartOf(path: string): string {
  const last =
    bytesOf(path.replace(/(.)\/+$/, '$1'))
      .split('/')
      .at(-1) ?? '';
  return last === '' || last === '..' ? '.' : last;
}

function shown(facts: PathFacts): PathFacts {
  return { ...facts, linkTarget: Buffer.from(facts.linkTarget, 'latin1').toString('utf8') };
}

function requireFolder(facts: PathFacts | undefined, folder: string): void {
  if (facts?.type === 'directory') return;
  if (facts === undefined) {
    throw new PlimsollError('not-found', `there is no folder "${folder}" in the container`, {
      code: 'PATH_NOT_FOUND',
      data: { path: folder },
    });
  }
  throw new PlimsollError('invalid-argument', `"${folder}" is not a folder`, {
    code: 'NOT_A_FOLDER',
    hint: 'an archive can only be unpacked into a folder',
    data: { path: folder },
  });
}

function noPath(name: string, path: string): PlimsollError {
  const shownPath = Buffer.from(path, 'latin1').toString('utf8');
  return new PlimsollError('not-found', `there is no "${shownPath}" in the container "${name}"`, {
    code: 'PATH_NOT_FOUND',
    data: { container: name, path: shownPath },
  });
}
