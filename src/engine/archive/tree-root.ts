import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, type Stats } from 'node:fs';
import { errnoOf, PlimsollError } from '../../errors.ts';
import { type Native, preloadNative } from '../kernel/index.ts';

/** open(2): a descriptor that only names what it was opened on; Node does not know the flag. */
export const O_PATH = 0o10000000;

/** What is at a path. Paths are bytes as latin1 text. */
export interface PathFacts {
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
  readonly size: number;
  /** `st_mode`, type bits included. */
  readonly mode: number;
  readonly mtimeMs: number;
  /** Where a symbolic link points; else empty. */
  readonly linkTarget: string;
}

/**
 * A folder held open, in which paths are looked up as in a chroot: no link and no `..` leads out of it, also while
 * processes inside change links meanwhile. Everything is done by descriptors, so that what was looked up stays the
 * same thing. Dispose of it to close it.
 */
export class TreeRoot implements Disposable {
  readonly native: Native;
  readonly #fd: number;
  #closed = false;

  private constructor(native: Native, fd: number) {
    this.native = native;
    this.#fd = fd;
  }

  /** Opens a folder of this machine; links in its own path are followed. */
  static async open(folder: string): Promise<TreeRoot> {
    const native = await preloadNative();
    return new TreeRoot(native, openSync(folder, O_PATH | constants.O_DIRECTORY));
  }

  /** A descriptor of the folder that `path` leads to, for the names in it. The caller closes it. Throws like open(2). */
  folder(path: string): number {
    return this.#open(path, O_PATH | constants.O_DIRECTORY);
  }

  /** What `path` leads to, or (`follow: false`) is itself; undefined if there is nothing. */
  facts(path: string, { follow }: { follow: boolean }): PathFacts | undefined {
    try {
      const { folder, name } = splitPath(path);
      return follow || name === '' ? this.#target(path) : this.#entry(folder, name);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
      throw pathError(path, error);
    }
  }

  #open(path: string, flags: number): number {
    return this.native.openInRoot(this.#fd, Buffer.from(path === '' ? '/' : path, 'latin1'), flags);
  }

  #target(path: string): PathFacts {
    const fd = this.#open(path, O_PATH);
    try {
      return factsOf(fstatSync(fd), '');
    } finally {
      closeSync(fd);
    }
  }

  #entry(path: string, name: string): PathFacts {
    const folder = this.folder(path);
    try {
      const stats = lstatSync(inFolder(folder, name));
      return factsOf(stats, stats.isSymbolicLink() ? readlinkSync(inFolder(folder, name), 'latin1') : '');
    } finally {
      closeSync(folder);
    }
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#fd);
  }
}

/** A path as the folder that holds its last part, and that part; empty if the path names a folder by its form (`a/..`). */
export function splitPath(path: string): { readonly folder: string; readonly name: string } {
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  if (name === '' || name === '.' || name === '..') return { folder: path, name: '' };
  return { folder: path.slice(0, slash + 1), name };
}

/** The path of a name in a folder that is open: its own last part is never followed by calls that do not follow. */
export function inFolder(folder: number, name: string): Buffer {
  return Buffer.from(`/proc/self/fd/${folder}/${name}`, 'latin1');
}

/** What a name in an open folder is; undefined if there is none. */
export function lstatIn(folder: number, name: string): Stats | undefined {
  return lstatSync(inFolder(folder, name), { throwIfNoEntry: false });
}

/** A failed look-up or change at a path of a tree, in a sentence. */
export function pathError(path: string, error: unknown): unknown {
  const shown = Buffer.from(path, 'latin1').toString('utf8');
  const code = errnoOf(error);
  const make = (kind: 'not-found' | 'invalid-argument' | 'conflict', what: string, name: string) =>
    new PlimsollError(kind, what, { code: name, data: { path: shown }, cause: error });
  switch (code) {
    case 'ENOENT':
      return make('not-found', `there is no file or folder "${shown}"`, 'PATH_NOT_FOUND');
    case 'ENOTDIR':
      return make('invalid-argument', `a part of "${shown}" is not a folder`, 'NOT_A_FOLDER');
    case 'ELOOP':
      return make('invalid-argument', `too many symbolic links in "${shown}"`, 'SYMLINK_LOOP');
    case 'EROFS':
      return make('conflict', `"${shown}" cannot be changed: it is mounted read-only`, 'READ_ONLY');
    default:
      return error;
  }
}

function factsOf(stats: Stats, linkTarget: string): PathFacts {
  const { size, mode, mtimeMs } = stats;
  return { type: typeOf(stats), size, mode, mtimeMs, linkTarget };
}

function typeOf(stats: Stats): PathFacts['type'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : 'other';
}
