import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs';
import { setImmediate as others } from 'node:timers/promises';
import { errnoOf, PlimsollError, throwIfAborted } from '../../errors.ts';
import { joined } from '../../lib/joined.ts';
import { type TarEntry, tarEnd, tarPadding, writeTarHeader } from '../../lib/tar/index.ts';
import { deviceNumbers, isContentXattr, type Native, readXattrs } from '../kernel/index.ts';
import { inFolder, pathError, splitPath, type TreeRoot } from './tree-root.ts';

export interface PackRequest {
  readonly tree: TreeRoot;
  /** Absolute in the tree, as latin1. Links on the way are followed, one at its end is packed as a link. */
  readonly path: string;
  /** What it is called in the archive; `.`: entries are `./name`; empty: only what is in the folder, by bare names. */
  readonly name: string;
  readonly signal?: AbortSignal;
}

/**
 * The tar (pax) of a file or folder as it stands: owners, modes, times, links, devices, attributes; no sockets. What
 * vanishes meanwhile is left out, and a file that shrinks is filled up with zeros, as by GNU tar: the files may be in
 * use. Throws `not-found` (`PATH_NOT_FOUND`).
 */
export async function* packTree(request: PackRequest): AsyncGenerator<Uint8Array> {
  yield* joined(pieces(request));
}

/** Synchronous file calls are several times cheaper, but others must have their turn. */
async function* pieces({ tree, path, name, signal }: PackRequest): AsyncGenerator<Buffer> {
  let slice = performance.now();
  for (const piece of walk(tree, path, name)) {
    yield piece;
    if (performance.now() - slice < 8) continue;
    await others();
    throwIfAborted(signal, 'reading files');
    slice = performance.now();
  }
}

function* walk(tree: TreeRoot, path: string, name: string): Generator<Buffer> {
  const { folder, name: last } = splitPath(path);
  const from = openFolder(tree, folder, path);
  try {
    const packer = new Packer(tree.native);
    if (last !== '') {
      if (lstatSync(inFolder(from, last), { throwIfNoEntry: false }) === undefined) throw missing(path);
      yield* packer.entry(from, last, name);
    } else {
      yield* packer.folder(from, name);
    }
    yield Buffer.from(tarEnd);
  } finally {
    closeSync(from);
  }
}

function openFolder(tree: TreeRoot, folder: string, path: string): number {
  try {
    return tree.folder(folder);
  } catch (error) {
    throw pathError(path, error);
  }
}

/** Packs names of open folders; remembers files with several names. */
class Packer {
  readonly #native: Native;
  readonly #links = new Map<string, string>();

  constructor(native: Native) {
    this.#native = native;
  }

  /** The entry `name` of an open folder with all below it, as `as`. */
  *entry(folder: number, name: string, as: string): Generator<Buffer> {
    const stats = lstatSync(inFolder(folder, name), { throwIfNoEntry: false });
    if (stats === undefined || stats.isSocket()) return;
    if (stats.isDirectory()) yield* this.#directory(folder, name, as);
    else if (stats.isFile()) yield* this.#file(folder, name, as);
    else yield* this.#special(folder, name, as, stats);
  }

  /** An open folder itself, as `as`; without a name only what is in it. */
  *folder(folder: number, as: string): Generator<Buffer> {
    if (as !== '') {
      const path = Buffer.from(`/proc/self/fd/${folder}/.`);
      yield writeTarHeader({ ...this.#common(as, fstatSync(folder), path), type: 'directory' });
    }
    for (const name of namesIn(folder)) yield* this.entry(folder, name, as === '' ? name : `${as}/${name}`);
  }

  *#directory(folder: number, name: string, as: string): Generator<Buffer> {
    const inner = openOrGone(inFolder(folder, name), constants.O_RDONLY | constants.O_DIRECTORY);
    if (inner === undefined) return;
    try {
      yield* this.folder(inner, as);
    } finally {
      closeSync(inner);
    }
  }

  *#file(folder: number, name: string, as: string): Generator<Buffer> {
    const path = inFolder(folder, name);
    // Not blocking: it may have become a fifo meanwhile.
    const file = openOrGone(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (file === undefined) return;
    try {
      const stats = fstatSync(file);
      if (!stats.isFile()) return;
      const first = stats.nlink > 1 ? this.#firstName(path, as) : undefined;
      const common = this.#common(as, stats, path);
      if (first !== undefined) yield writeTarHeader({ ...common, type: 'link', linkName: first, xattrs: [] });
      else {
        yield writeTarHeader({ ...common, type: 'file', size: stats.size });
        yield* contentOf(file, stats.size);
      }
    } finally {
      closeSync(file);
    }
  }

  *#special(folder: number, name: string, as: string, stats: Stats): Generator<Buffer> {
    const path = inFolder(folder, name);
    const common = this.#common(as, stats, path);
    if (stats.isSymbolicLink()) {
      yield writeTarHeader({
        ...common,
        type: 'symlink',
        mode: 0o777,
        linkName: readlinkSync(path, 'latin1'),
      });
    } else if (stats.isFIFO()) yield writeTarHeader({ ...common, type: 'fifo' });
    else {
      const type = stats.isBlockDevice() ? 'block' : 'character';
      yield writeTarHeader({ ...common, type, ...deviceNumbers(stats.rdev) });
    }
  }

  #common(name: string, stats: Stats, path: Buffer): Omit<TarEntry, 'type'> {
    return {
      name,
      mode: stats.mode & 0o7777,
      uid: stats.uid,
      gid: stats.gid,
      size: 0,
      mtime: Math.floor(stats.mtimeMs / 1000),
      linkName: '',
      major: 0,
      minor: 0,
      xattrs: this.#xattrs(path),
    };
  }

  #xattrs(path: Buffer): TarEntry['xattrs'] {
    try {
      return readXattrs(this.#native, path).filter(({ name }) => isContentXattr(name));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    }
  }

  #firstName(path: Buffer, as: string): string | undefined {
    const { dev, ino }: BigIntStats = lstatSync(path, { bigint: true }); // an inode may exceed 2^53
    const key = `${dev}:${ino}`;
    const first = this.#links.get(key);
    if (first === undefined) this.#links.set(key, as);
    return first;
  }
}

function namesIn(folder: number): string[] {
  return readdirSync(`/proc/self/fd/${folder}`, { encoding: 'latin1' }).sort((a, b) =>
    a < b ? -1 : a > b ? 1 : 0,
  );
}

function openOrGone(path: Buffer, flags: number): number | undefined {
  try {
    return openSync(path, flags | constants.O_NOFOLLOW);
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'ENOTDIR', 'ENXIO'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

function* contentOf(file: number, size: number): Generator<Buffer> {
  for (let left = size; left > 0; ) {
    const piece = Buffer.alloc(Math.min(left, 256 * 1024));
    const length = readSync(file, piece, 0, piece.length, null);
    // At its end too early, all that is missing is zeros.
    yield length === 0 ? piece : piece.subarray(0, length);
    left -= length === 0 ? piece.length : length;
  }
  if (tarPadding(size) > 0) yield Buffer.alloc(tarPadding(size));
}

function missing(path: string): PlimsollError {
  const shown = Buffer.from(path, 'latin1').toString('utf8');
  return new PlimsollError('not-found', `there is no file or folder "${shown}"`, {
    code: 'PATH_NOT_FOUND',
    data: { path: shown },
  });
}
