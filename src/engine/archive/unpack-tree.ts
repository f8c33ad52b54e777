import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { errnoOf, PlimsollError, throwIfAborted } from '../../errors.ts';
import { readTar, type TarEntry } from '../../lib/tar/index.ts';
import { caller, isContentXattr, isDeviceNumber } from '../kernel/index.ts';
import { removeIn } from './remove-in.ts';
import { inFolder, lstatIn, O_PATH, pathError, type TreeRoot } from './tree-root.ts';

export interface UnpackRequest {
  readonly tree: TreeRoot;
  /** An existing folder, absolute in the tree, as latin1; links are followed inside the tree. */
  readonly folder: string;
  readonly tar: AsyncIterable<Uint8Array>;
  /** Who shall own all of it; default: whom the archive says. Only root can give files away: else it is the caller. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** A folder is not to take the place of a file, nor a file that of a folder: throws `conflict`. */
  readonly keepKinds?: boolean;
  readonly signal?: AbortSignal;
  /** Told the bytes of each piece of content. */
  readonly onBytes?: (bytes: number) => void;
}

/**
 * Unpacks a tar into a folder of a tree that may be in use, and that may be hostile: no name leads out of the tree.
 * Files come to be whole, under their name only when they are complete; what is there already stays. Throws
 * `invalid-argument` (`UNSAFE_ARCHIVE`, `BAD_ARCHIVE`), `not-found`, `conflict`, `cancelled`.
 */
export async function unpackTree(request: UnpackRequest): Promise<void> {
  const { tar, signal, onBytes = () => {} } = request;
  using unpacker = new Unpacker(request);
  for await (const part of readTar(tar)) {
    throwIfAborted(signal, 'writing files');
    if ('entry' in part) unpacker.begin(part.entry);
    else {
      unpacker.write(part.content);
      onBytes(part.content.length);
    }
  }
  unpacker.finish();
}

/** A file in the making: under another name in its folder. */
interface OpenFile {
  readonly fd: number;
  readonly folder: number;
  readonly temporary: string;
  readonly name: string;
  readonly entry: TarEntry;
}

class Unpacker implements Disposable {
  readonly #request: UnpackRequest;
  readonly #asRoot = process.geteuid?.() === 0 && !caller().oneUser;
  /** Their times change with what comes into them: set at the end. */
  readonly #folders: { readonly path: string; readonly mtime: number }[] = [];
  #parent: { readonly path: string; readonly fd: number } | undefined;
  #file: OpenFile | undefined;

  constructor(request: UnpackRequest) {
    this.#request = request;
  }

  begin(entry: TarEntry): void {
    this.#endFile();
    const parts = partsOf(entry.name);
    const name = parts.pop();
    if (name === undefined) return; // the folder itself: it is the caller's
    const path = [...parts, name].join('/');
    try {
      this.#make(this.#openParent(parts), name, entry, path);
    } catch (error) {
      throw pathError(path, error);
    }
  }

  write(content: Buffer): void {
    if (this.#file === undefined) return;
    for (let at = 0; at < content.length; ) at += writeSync(this.#file.fd, content, at);
  }

  finish(): void {
    this.#endFile();
    for (const { path, mtime } of this.#folders.reverse()) {
      const folder = this.#openFolder(path);
      utimesSync(`/proc/self/fd/${folder}/.`, mtime, mtime);
      closeSync(folder);
    }
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) {
      closeSync(this.#file.fd);
      unlinkSync(inFolder(this.#file.folder, this.#file.temporary));
    }
    if (this.#parent !== undefined) closeSync(this.#parent.fd);
  }

  #make(folder: number, name: string, entry: TarEntry, path: string): void {
    if (entry.type === 'directory') this.#makeFolder(folder, name, entry, path);
    else if (entry.type === 'file') this.#beginFile(folder, name, entry);
    else if (entry.type === 'link') this.#makeLink(folder, name, entry);
    else this.#makeSpecial(folder, name, entry, entry.type);
  }

  #makeLink(folder: number, name: string, { linkName }: TarEntry): void {
    const target = partsOf(linkName);
    const last = target.pop() ?? '';
    const from = this.#openFolder(target.join('/'));
    try {
      if (sameFile(from, last, folder, name)) return;
      this.#clear(folder, name);
      linkSync(inFolder(from, last), inFolder(folder, name));
    } finally {
      closeSync(from);
    }
  }

  #makeSpecial(
    folder: number,
    name: string,
    entry: TarEntry,
    type: 'symlink' | 'character' | 'block' | 'fifo',
  ): void {
    const at = inFolder(folder, name);
    this.#clear(folder, name);
    if (type === 'symlink') symlinkSync(Buffer.from(entry.linkName, 'latin1'), at);
    else {
      if (type !== 'fifo' && !isDeviceNumber(entry)) throw noDevice(name, entry);
      const mode = nodeTypes[type] | entry.mode;
      this.#request.tree.native.mknodat(folder, Buffer.from(name, 'latin1'), mode, entry);
    }
    this.#dress(at, entry);
    if (type !== 'symlink') chmodNode(at, entry.mode);
  }

  #makeFolder(folder: number, name: string, entry: TarEntry, path: string): void {
    const found = lstatIn(folder, name);
    const leadsToFolder = found?.isSymbolicLink() && this.#facts(path)?.type === 'directory';
    if (!found?.isDirectory() && !leadsToFolder) {
      if (found !== undefined) this.#clear(folder, name, 'folder');
      mkdirSync(inFolder(folder, name), { mode: 0o700 });
    }
    if (leadsToFolder) return; // what a link leads to is somebody else's to describe
    const made = openSync(
      inFolder(folder, name),
      constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW,
    );
    try {
      this.#own(made, entry);
      this.#setXattrs(Buffer.from(`/proc/self/fd/${made}/.`), entry);
    } finally {
      closeSync(made);
    }
    this.#folders.push({ path, mtime: entry.mtime });
  }

  #beginFile(folder: number, name: string, entry: TarEntry): void {
    const found = lstatIn(folder, name);
    if (found?.isDirectory()) this.#clear(folder, name);
    const temporary = `.plimsoll-${randomBytes(6).toString('hex')}`;
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const fd = openSync(inFolder(folder, temporary), flags, 0o600);
    this.#file = { fd, folder, temporary, name, entry };
    if (entry.size === 0) this.#endFile();
  }

  #endFile(): void {
    const file = this.#file;
    if (file === undefined) return;
    const { fd, folder, temporary, name, entry } = file;
    this.#own(fd, entry);
    this.#setXattrs(inFolder(folder, temporary), entry);
    futimesSync(fd, entry.mtime, entry.mtime);
    try {
      renameSync(inFolder(folder, temporary), inFolder(folder, name));
    } catch (error) {
      if (errnoOf(error) !== 'EBUSY') throw pathError(entry.name, error);
      writeInPlace(fd, inFolder(folder, name)); // something is mounted there, as on /etc/hosts
      unlinkSync(inFolder(folder, temporary));
    }
    this.#file = undefined;
    closeSync(fd);
  }

  /** Takes away what stands under a name, if the request allows it. */
  #clear(folder: number, name: string, comes: 'folder' | 'file' = 'file'): void {
    const found = lstatIn(folder, name);
    if (found === undefined) return;
    if (this.#request.keepKinds && (comes === 'folder' || found.isDirectory())) {
      const what = comes === 'folder' ? 'a file with a folder' : 'a folder with a file';
      const shown = Buffer.from(name, 'latin1').toString('utf8');
      throw new PlimsollError('conflict', `cannot replace "${shown}": it would replace ${what}`, {
        code: 'OTHER_KIND',
        hint: 'remove it first, or copy to another name',
      });
    }
    removeIn(folder, name);
  }

  #own(fd: number, entry: TarEntry): void {
    const { uid, gid } = this.#request.owner ?? entry;
    if (this.#asRoot) fchownSync(fd, uid, gid);
    fchmodSync(fd, entry.mode); // after the owner: a change of that takes set-uid away
  }

  /** Owner, attributes and time of what is no file and no folder. */
  #dress(at: Buffer, entry: TarEntry): void {
    const { uid, gid } = this.#request.owner ?? entry;
    if (this.#asRoot) lchownSync(at, uid, gid);
    this.#setXattrs(at, entry);
    lutimesSync(at, entry.mtime, entry.mtime);
  }

  #setXattrs(at: Buffer, { xattrs }: TarEntry): void {
    for (const { name, value } of xattrs) {
      if (!isContentXattr(name)) continue;
      try {
        this.#request.tree.native.lsetxattr(at, name, value);
      } catch (error) {
        // A file system, or a caller, that cannot have this one.
        if (!['EOPNOTSUPP', 'EPERM'].includes(errnoOf(error) ?? '')) throw error;
      }
    }
  }

  /** The folder for an entry, made if the archive has not named it. Stays open for the next entry. */
  #openParent(parts: readonly string[]): number {
    const path = parts.join('/');
    if (this.#parent?.path === path) return this.#parent.fd;
    if (this.#parent !== undefined) closeSync(this.#parent.fd);
    this.#parent = undefined;
    const fd = this.#openOrMake(parts);
    this.#parent = { path, fd };
    return fd;
  }

  #openOrMake(parts: readonly string[]): number {
    try {
      return this.#openFolder(parts.join('/'));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || parts.length === 0) throw error;
    }
    const above = this.#openOrMake(parts.slice(0, -1));
    try {
      mkdirSync(inFolder(above, parts.at(-1) ?? ''), { mode: 0o755 });
    } finally {
      closeSync(above);
    }
    return this.#openFolder(parts.join('/'));
  }

  #openFolder(path: string): number {
    return this.#request.tree.folder(this.#inTree(path));
  }

  #facts(path: string) {
    return this.#request.tree.facts(this.#inTree(path), { follow: true });
  }

  #inTree(path: string): string {
    return `${this.#request.folder}/${path}`;
  }
}

const nodeTypes = { character: 0o020000, block: 0o060000, fifo: 0o010000 } as const;

/** The umask took bits away when it was made. By a descriptor, so that no link is followed. */
function chmodNode(at: Buffer, mode: number): void {
  const node = openSync(at, O_PATH | constants.O_NOFOLLOW);
  try {
    chmodSync(`/proc/self/fd/${node}`, mode);
  } finally {
    closeSync(node);
  }
}

/** A name of an archive as parts below the folder. Throws `UNSAFE_ARCHIVE` for one that leads above it. */
function partsOf(name: string): string[] {
  const parts = name.split('/').filter(part => part !== '' && part !== '.');
  if (!parts.includes('..') && !name.includes('\0')) return parts;
  const shown = Buffer.from(name.slice(0, 200), 'latin1').toString('utf8');
  throw new PlimsollError('invalid-argument', `the archive is refused: its name "${shown}" leads out of it`, {
    code: 'UNSAFE_ARCHIVE',
    hint: 'make the archive again, with names below the folder',
  });
}

function noDevice(name: string, { major, minor }: TarEntry): PlimsollError {
  const shown = Buffer.from(name, 'latin1').toString('utf8');
  const what = `"${shown}" is a device ${major}:${minor}, a number that Linux does not have`;
  return new PlimsollError('invalid-argument', `the archive is refused: ${what}`, {
    code: 'UNSAFE_ARCHIVE',
    hint: 'make the archive again, without it',
  });
}

function sameFile(a: number, nameA: string, b: number, nameB: string): boolean {
  const [one, other] = [lstatIn(a, nameA), lstatIn(b, nameB)];
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev;
}

/** For a name that cannot be replaced: its content is, not in one step. */
function writeInPlace(from: number, path: Buffer): void {
  const to = openSync(path, constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW);
  try {
    const piece = Buffer.alloc(64 * 1024);
    for (let at = 0; ; ) {
      const length = readSync(from, piece, 0, piece.length, at);
      if (length === 0) return;
      for (let done = 0; done < length; ) done += writeSync(to, piece, done, length - done);
      at += length;
    }
  } finally {
    closeSync(to);
  }
}
