import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { preloadNative, readXattrs, runOrThrow } from '../../kernel/index.ts';
import type { FileEntry } from '../source/index.ts';
import type { Owner } from './folders.ts';
import type { ModeChange } from './mode-change.ts';

/** What files are to be like; without a wish they are as their source is. */
export interface FileWishes {
  readonly owner?: Owner;
  readonly mode?: ModeChange;
  /** Extended attributes (file capabilities) come along too. */
  readonly attributes: boolean;
}

const LARGE_FILE_BYTES = 1024 * 1024;

/**
 * Makes files, folders, links and devices like their sources. Of a small file it says no more to the kernel than it has
 * to: on ext4 each change of an inode costs as much as making it.
 */
export class FileWriter {
  readonly #wishes: FileWishes;
  readonly #buffer = Buffer.allocUnsafe(LARGE_FILE_BYTES);
  readonly #umask = readUmask();
  readonly #own = { uid: process.geteuid?.(), gid: process.getegid?.() };
  #folder = { path: '', setsGroup: false };

  constructor(wishes: FileWishes) {
    this.#wishes = wishes;
  }

  /**
   * Makes what an entry is at a place where nothing is. The times of a folder are left to the caller. Returns the content
   * of a small file, to be looked at before the next one is written.
   */
  async write(entry: FileEntry, place: string): Promise<Uint8Array | undefined> {
    const { status, file, link } = entry;
    if (status.isDirectory()) {
      mkdirSync(place);
      this.describe(place, entry);
      return undefined;
    }
    const content =
      status.isFile() && status.size < LARGE_FILE_BYTES ? this.#writeSmall(entry, place) : undefined;
    if (content !== undefined) {
      if (this.#wishes.attributes) await copyAttributes(file, place);
      return content;
    }
    if (link !== undefined) symlinkSync(link, place);
    else if (!status.isFile()) await makeDevice(entry, place);
    else await copyFile(file, place, constants.COPYFILE_FICLONE);
    if (this.#wishes.attributes && status.isFile()) await copyAttributes(file, place);
    this.describe(place, entry);
    lutimesSync(place, status.atimeMs / 1000, status.mtimeMs / 1000);
    return undefined;
  }

  /** Owner, then mode: a change of owner clears the set-user bit. */
  describe(place: string, entry: FileEntry): void {
    const { uid, gid, mode } = this.#factsOf(entry);
    lchownSync(place, uid, gid);
    if (entry.link === undefined) chmodSync(place, mode);
  }

  /** By descriptor: a fraction of what the same calls cost by path. Nothing if the file has grown large meanwhile. */
  #writeSmall(entry: FileEntry, place: string): Uint8Array | undefined {
    const length = this.#read(entry);
    if (length === LARGE_FILE_BYTES) return undefined;
    const { uid, gid, mode } = this.#factsOf(entry);
    const made = openSync(place, 'wx', mode & 0o777);
    try {
      for (let at = 0; at < length; ) at += writeSync(made, this.#buffer, at, length - at);
      if (uid !== this.#own.uid || gid !== this.#own.gid || this.#setsGroup(dirname(place))) {
        fchownSync(made, uid, gid);
      }
      if ((mode & ~0o777) !== 0 || (mode & this.#umask) !== 0) fchmodSync(made, mode);
      futimesSync(made, entry.status.atimeMs / 1000, entry.status.mtimeMs / 1000);
    } finally {
      closeSync(made);
    }
    return this.#buffer.subarray(0, length);
  }

  /** True if the folder gives new files its own group. Files come folder by folder, so that few are looked at. */
  #setsGroup(path: string): boolean {
    if (this.#folder.path !== path) {
      this.#folder = { path, setsGroup: (lstatSync(path).mode & 0o2000) !== 0 };
    }
    return this.#folder.setsGroup;
  }

  /** Reads a small file into the buffer. One read, if it is as long as it was. */
  #read({ file, status }: FileEntry): number {
    const opened = openSync(file, 'r');
    try {
      let length = 0;
      for (;;) {
        const more = readSync(opened, this.#buffer, length, LARGE_FILE_BYTES - length, null);
        length += more;
        if (more === 0 || length === status.size || length === LARGE_FILE_BYTES) return length;
      }
    } finally {
      closeSync(opened);
    }
  }

  #factsOf({ status }: FileEntry): { uid: number; gid: number; mode: number } {
    const { owner, mode } = this.#wishes;
    const own = status.mode & 0o7777;
    return {
      uid: owner?.uid ?? status.uid,
      gid: owner?.gid ?? status.gid,
      mode: mode === undefined ? own : mode(own, status.isDirectory()),
    };
  }
}

/** See proc(5), /proc/PID/status; to ask by umask(2) means to set it. */
function readUmask(): number {
  const digits = /^Umask:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return digits === undefined ? 0o777 : Number.parseInt(digits, 8);
}

/** Device nodes and pipes have no call in Node. */
async function makeDevice({ status }: FileEntry, place: string): Promise<void> {
  const major = ((status.rdev >>> 8) & 0xfff).toString();
  const minor = ((status.rdev & 0xff) | ((status.rdev >>> 12) & 0xfff00)).toString();
  const type = status.isFIFO() ? ['p'] : [status.isBlockDevice() ? 'b' : 'c', major, minor];
  await runOrThrow('mknod', [place, ...type]);
}

async function copyAttributes(file: string, place: string): Promise<void> {
  const native = await preloadNative();
  for (const { name, value } of readXattrs(native, Buffer.from(file))) {
    if (!name.startsWith('trusted.')) native.lsetxattr(Buffer.from(place), name, value);
  }
}
