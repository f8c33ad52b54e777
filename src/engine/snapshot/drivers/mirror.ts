import {
  chmodSync,
  closeSync,
  constants,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path/posix';
import { errnoOf } from '../../../errors.ts';
import { isContentXattr, type Native, readXattrs } from '../../kernel/index.ts';
import { makeWhiteout } from '../whiteout.ts';

/**
 * A folder made of parts of another one, as a folder of overlayfs's changes: folders are made anew, files are further
 * names of the same files, which costs no bytes. Paths are relative, bytes as latin1 text. What vanishes meanwhile from
 * the other folder, in which processes may be at work, is left out.
 */
export class Mirror {
  readonly #native: Native;
  readonly #from: string;
  readonly #to: string;
  /** Folders that are there, with what they were when they were made. */
  readonly #made = new Map<string, Stats>();

  /** `to` is an empty folder on the file system of `from`. */
  constructor({ native, from, to }: { native: Native; from: string; to: string }) {
    this.#native = native;
    this.#from = from;
    this.#to = to;
    this.#made.set('.', statSync(from));
    this.#describe(Buffer.from(from), Buffer.from(to), statSync(from));
  }

  file(path: string): void {
    this.folder(dirname(path));
    unlessGone(() => linkSync(pathIn(this.#from, path), pathIn(this.#to, path)));
  }

  /** A folder with the facts that it has; its times come last. */
  folder(path: string): void {
    if (this.#made.has(path)) return;
    this.folder(dirname(path));
    unlessGone(() => {
      const [from, to] = [pathIn(this.#from, path), pathIn(this.#to, path)];
      const stats = lstatSync(from);
      mkdirSync(to);
      this.#describe(from, to, stats);
      this.#made.set(path, stats);
    });
  }

  /** A whiteout, which hides what lower layers have there. */
  deletion(path: string): void {
    this.folder(dirname(path));
    unlessGone(() => {
      const folder = openSync(pathIn(this.#to, dirname(path)), constants.O_DIRECTORY);
      try {
        const name = Buffer.from(path.slice(path.lastIndexOf('/') + 1), 'latin1');
        makeWhiteout(this.#native, folder, name);
      } finally {
        closeSync(folder);
      }
    });
  }

  /** Says of a folder that it hides what lower layers have in it. */
  mark(path: string, opaqueXattr: string): void {
    this.folder(path);
    unlessGone(() => this.#native.lsetxattr(pathIn(this.#to, path), opaqueXattr, Buffer.from('y')));
  }

  finish(): void {
    for (const [path, { atimeMs, mtimeMs }] of [...this.#made].reverse())
      lutimesSync(pathIn(this.#to, path), atimeMs / 1000, mtimeMs / 1000);
  }

  #describe(from: Buffer, to: Buffer, { uid, gid, mode }: Stats): void {
    lchownSync(to, uid, gid);
    chmodSync(to, mode & 0o7777);
    for (const { name, value } of readXattrs(this.#native, from))
      if (isContentXattr(name) && !name.startsWith('trusted.')) this.#native.lsetxattr(to, name, value);
  }
}

/** The path of something in a folder. */
export function pathIn(folder: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(path, 'latin1')]);
}

function unlessGone(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) throw error;
  }
}
