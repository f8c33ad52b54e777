import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { errnoOf, PlimsollError } from '../../errors.ts';
import type { TarEntry, TarPart } from '../../lib/tar/index.ts';
import { caller, type Native } from '../kernel/index.ts';
import { show } from './layer-names.ts';
import { makeWhiteout } from './whiteout.ts';

export interface LayerFilesOptions {
  /** Nobody else works in it, so that a name that was checked stays what it is. */
  readonly folder: string;
  readonly native: Native;
  readonly opaqueXattr: string;
}

/** The file whose content comes, and where the next byte of it belongs. */
interface OpenFile {
  readonly fd: number;
  readonly path: Buffer;
  readonly entry: TarEntry;
  /** Of a sparse file: pieces that are still to come. */
  readonly pieces: { offset: number; length: number }[];
}

/**
 * Makes the files of a layer in a folder, of parts that `rewriteLayer` has checked. Synchronous: many small files cost a
 * fraction of what they would otherwise. Owners, modes and times of folders come last, whatever the order of entries.
 * Throws `BAD_ARCHIVE`, `SUB_IDS_MISSING`, `resource-exhausted` for a full disk.
 */
export class LayerFiles implements Disposable {
  readonly #options: LayerFilesOptions;
  readonly #base: string;
  readonly #folders = new Map<string, TarEntry>();
  readonly #giving = !caller().oneUser; // else all files are of the one user there is
  readonly #self = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  #file: OpenFile | undefined;

  constructor(options: LayerFilesOptions) {
    this.#options = options;
    this.#base = Buffer.from(options.folder).toString('latin1');
  }

  add(part: TarPart): void {
    if ('content' in part) this.#write(part.content);
    else this.#guarded(part.entry, () => this.#begin(part.entry));
  }

  /** Ends the last file, and gives folders what they were to have. */
  finish(): void {
    this.#endFile();
    for (const entry of [...this.#folders.values()].reverse()) {
      this.#guarded(entry, () => {
        const path = this.#path(entry.name);
        const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
        try {
          this.#giveAway(entry, (uid, gid) => fchownSync(fd, uid, gid));
          fchmodSync(fd, entry.mode); // chmod(2) would follow a link
          this.#setXattrs(path, entry);
          futimesSync(fd, timeOf(entry), timeOf(entry));
        } finally {
          closeSync(fd);
        }
      });
    }
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file.fd);
    this.#file = undefined;
  }

  #begin(entry: TarEntry): void {
    this.#endFile();
    const path = this.#path(entry.name);
    if (entry.type !== 'directory') this.#folders.delete(entry.name); // it takes the place of one, if at all
    if (entry.type === 'directory') this.#makeFolder(path, entry);
    else if (entry.type === 'file') this.#beginFile(path, entry);
    else if (entry.type === 'link') replacing(path, () => linkSync(this.#path(entry.linkName), path));
    else this.#makeSpecial(path, entry);
  }

  #makeFolder(path: Buffer, entry: TarEntry): void {
    this.#folders.set(entry.name, entry); // named again, it keeps its turn: before what is in it
    try {
      mkdirSync(path, 0o700);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      if (lstatSync(path).isDirectory()) return;
      unlinkSync(path);
      mkdirSync(path, 0o700);
    }
  }

  #beginFile(path: Buffer, entry: TarEntry): void {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const fd = replacing(path, () => openSync(path, flags, 0o600));
    const pieces = (entry.sparse?.pieces ?? []).map(piece => ({ ...piece }));
    this.#file = { fd, path, entry, pieces };
    if (entry.size === 0) this.#endFile();
  }

  #write(content: Buffer): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#guarded(file.entry, () => {
      if (file.entry.sparse === undefined) writeAll(file.fd, content, null);
      else writePieces(file, content);
    });
  }

  #endFile(): void {
    const file = this.#file;
    if (file === undefined) return;
    const { fd, path, entry } = file;
    this.#guarded(entry, () => {
      if (entry.sparse !== undefined) ftruncateSync(fd, entry.sparse.size);
      this.#giveAway(entry, (uid, gid) => fchownSync(fd, uid, gid));
      fchmodSync(fd, entry.mode); // after the owner, a change of which takes set-uid away
      this.#setXattrs(path, entry);
      futimesSync(fd, timeOf(entry), timeOf(entry));
    });
    this.#file = undefined;
    closeSync(fd);
  }

  #makeSpecial(path: Buffer, entry: TarEntry): void {
    if (entry.type === 'symlink') {
      replacing(path, () => symlinkSync(Buffer.from(entry.linkName, 'latin1'), path));
    } else {
      const type = { character: 0o020000, block: 0o060000 }[entry.type as string] ?? 0o010000;
      if (isDeletion(entry)) {
        replacing(path, () => makeWhiteout(this.#options.native, -1, path));
        return;
      }
      const isMade = replacing(path, () => this.#makeNode(path, type | entry.mode, entry));
      if (!isMade) return;
    }
    this.#giveAway(entry, (uid, gid) => lchownSync(path, uid, gid));
    if (entry.type !== 'symlink') chmodSync(path, entry.mode); // it is no link: it was just made
    this.#setXattrs(path, entry);
    lutimesSync(path, timeOf(entry), timeOf(entry));
  }

  /** False for a device that the kernel lets no ordinary user make: left out, as Podman does, since it could not be opened. */
  #makeNode(path: Buffer, mode: number, entry: TarEntry): boolean {
    try {
      this.#options.native.mknodat(-1, path, mode, entry);
      return true;
    } catch (error) {
      if (errnoOf(error) === 'EPERM' && caller().rootless && entry.type !== 'fifo') return false;
      throw error;
    }
  }

  #giveAway({ uid, gid }: TarEntry, give: (uid: number, gid: number) => void): void {
    if (this.#giving && (uid !== this.#self.uid || gid !== this.#self.gid)) give(uid, gid);
  }

  /** Those that this filesystem or this caller cannot have are left out, as by GNU tar; the marks of overlayfs must be. */
  #setXattrs(path: Buffer, { xattrs }: TarEntry): void {
    const { native, opaqueXattr } = this.#options;
    for (const { name, value } of xattrs) {
      try {
        native.lsetxattr(path, name, value);
      } catch (error) {
        if (name === opaqueXattr || !['EPERM', 'EOPNOTSUPP'].includes(errnoOf(error) ?? '')) throw error;
      }
    }
  }

  #path(name: string): Buffer {
    return Buffer.from(`${this.#base}/${name}`, 'latin1');
  }

  #guarded(entry: TarEntry, action: () => void): void {
    try {
      action();
    } catch (error) {
      throw fileError(entry, error);
    }
  }
}

function isDeletion({ type, major, minor }: TarEntry): boolean {
  return type === 'character' && major === 0 && minor === 0;
}

/** As text: Node takes a negative number, a time before 1970, for now. */
function timeOf({ mtime }: TarEntry): string {
  return String(mtime);
}

/** A later entry of an archive takes the place of an earlier one; a folder must be empty for that. */
function replacing<T>(path: Buffer, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  if (lstatSync(path).isDirectory()) rmdirSync(path);
  else unlinkSync(path);
  return make();
}

function writeAll(fd: number, bytes: Buffer, position: number | null): void {
  for (let at = 0; at < bytes.length; ) {
    at += writeSync(fd, bytes, at, bytes.length - at, position === null ? null : position + at);
  }
}

function writePieces({ fd, pieces }: OpenFile, content: Buffer): void {
  for (let at = 0; at < content.length; ) {
    const piece = pieces[0];
    if (piece === undefined) return;
    const length = Math.min(piece.length, content.length - at);
    writeAll(fd, content.subarray(at, at + length), piece.offset);
    at += length;
    piece.offset += length;
    piece.length -= length;
    if (piece.length === 0) pieces.shift();
  }
}

function fileError({ name, uid, gid }: TarEntry, error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === undefined || error instanceof PlimsollError) return error;
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new PlimsollError('resource-exhausted', `the disk is full: "${show(name)}" cannot be written`, {
      code: 'DISK_FULL',
      hint: "free space, for example with 'plimsoll image prune', and try again",
      cause: error,
    });
  }
  const call = (error as NodeJS.ErrnoException).syscall ?? '';
  if (errno === 'EINVAL' && call.endsWith('chown')) {
    const what = `a layer has files of an owner that you cannot give them: "${show(name)}" is of ${uid}:${gid}`;
    return new PlimsollError('unavailable', what, {
      code: 'SUB_IDS_MISSING',
      hint: "you have too few sub-ids for this image: 'plimsoll doctor' says how to get more",
      cause: error,
    });
  }
  const what = `the layer could not be unpacked: "${show(name)}": ${call} failed with ${errno}`;
  return new PlimsollError('invalid-argument', what, {
    code: 'BAD_ARCHIVE',
    hint: 'nothing of it was kept: check the archive with tar -tvf',
    cause: error,
  });
}
