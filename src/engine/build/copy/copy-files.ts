import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { PlimsollError } from '../../../errors.ts';
import { preloadNative, readXattrs, runOrThrow } from '../../kernel/index.ts';
import { resolveInRoot } from '../../runtime/index.ts';
import { createPause, type FileEntry, type Selection } from '../source/index.ts';
import { existingFolder, makeFolder, type Owner, statusOf } from './folders.ts';
import type { ModeChange } from './mode-change.ts';

export interface CopyRequest {
  /** The root filesystem to copy into. */
  readonly root: string;
  readonly selections: readonly Selection[];
  /** Absolute in the root; ends with `/` if it must be a folder. */
  readonly destination: string;
  /** Of every copied file; default: the source's own. */
  readonly owner?: Owner;
  readonly mode?: ModeChange;
  /** Copy extended attributes (file capabilities) too. */
  readonly attributes: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Copies selected files into a root filesystem, by docker's rules: a folder's content goes into the destination; a file
 * goes into it if it is (or ends with `/` like) a folder; folders that are there keep their mode at the top and take
 * the source's below; modes and mtimes come along. No symlink of the root leads out of it.
 */
export async function copyFiles(request: CopyRequest): Promise<void> {
  const copier = new Copier(request);
  for (const selection of request.selections) await copier.copy(selection);
  copier.finish();
}

const root: Owner = { uid: 0, gid: 0 };
const LARGE_FILE_BYTES = 1024 * 1024;

class Copier {
  readonly #request: CopyRequest;
  readonly #pause: () => Promise<void> | undefined;
  /** Times of folders are set when nothing more is put into them. */
  readonly #times: (readonly [folder: string, entry: FileEntry])[] = [];

  constructor(request: CopyRequest) {
    this.#request = request;
    this.#pause = createPause(request.signal);
  }

  async copy(selection: Selection): Promise<void> {
    const [first, ...rest] = selection.entries;
    if (first === undefined) return;
    if (selection.isFolder) await this.#copyFolder(first, rest);
    else await this.#copyFile(first, this.#placeOf(first));
  }

  finish(): void {
    for (const [folder, { status }] of this.#times.reverse())
      lutimesSync(folder, status.atimeMs / 1000, status.mtimeMs / 1000);
  }

  /** A file's path on the host. */
  #placeOf(entry: FileEntry): string {
    const { destination } = this.#request;
    const plain = resolveInRoot(this.#request.root, destination);
    const intoFolder =
      destination.endsWith('/') || statusOf(plain)?.isDirectory() || entry.path.includes('/');
    if (!intoFolder) {
      this.#folder(posix.dirname(destination));
      return plain;
    }
    return join(this.#folder(posix.join(destination, posix.dirname(entry.path))), basename(entry.path));
  }

  #folder(path: string): string {
    return makeFolder(this.#request.root, path, this.#request.owner ?? root).folder;
  }

  async #copyFolder(top: FileEntry, entries: readonly FileEntry[]): Promise<void> {
    const { destination, root: rootfs } = this.#request;
    const owner = this.#request.owner ?? root;
    const { folder, isNew } = makeFolder(rootfs, posix.join(destination, top.path), owner);
    if (isNew && (!destination.endsWith('/') || top.path !== '')) this.#describeFolder(folder, top);
    const folders = new Map([[top.path === '' ? '.' : top.path, { folder, isNew }]]);
    for (const entry of entries) {
      await this.#pause();
      const parent = folders.get(posix.dirname(entry.path)) ?? { folder, isNew };
      const name = posix.basename(entry.path);
      if (!entry.status.isDirectory()) {
        await this.#copyFile(entry, join(parent.folder, name), parent.isNew);
        continue;
      }
      const there = parent.isNew ? undefined : existingFolder(rootfs, parent.folder, name);
      const made = there ?? join(parent.folder, name);
      if (there === undefined) mkdirSync(made);
      this.#describeFolder(made, entry);
      folders.set(entry.path, { folder: made, isNew: there === undefined });
    }
  }

  #describeFolder(folder: string, entry: FileEntry): void {
    this.#describe(folder, entry);
    this.#times.push([folder, entry]);
  }

  async #copyFile(entry: FileEntry, place: string, isNewFolder = false): Promise<void> {
    if (!isNewFolder) makeRoom(this.#request.root, place);
    const { status, file, link } = entry;
    if (status.isFile() && status.size < LARGE_FILE_BYTES) {
      this.#copySmallFile(entry, place);
      if (this.#request.attributes) await copyAttributes(file, place);
      return;
    }
    if (link !== undefined) symlinkSync(link, place);
    else if (!status.isFile()) await makeDevice(entry, place);
    else await copyFile(file, place, constants.COPYFILE_FICLONE);
    if (this.#request.attributes && status.isFile()) await copyAttributes(file, place);
    this.#describe(place, entry);
    lutimesSync(place, status.atimeMs / 1000, status.mtimeMs / 1000);
  }

  /** By descriptor: a fraction of what the same calls cost by path, most of all on an overlay. */
  #copySmallFile(entry: FileEntry, place: string): void {
    const content = readFileSync(entry.file);
    const made = openSync(place, 'wx', 0o600);
    try {
      writeFileSync(made, content);
      const { uid, gid, mode } = this.#factsOf(entry);
      fchownSync(made, uid, gid);
      fchmodSync(made, mode);
      futimesSync(made, entry.status.atimeMs / 1000, entry.status.mtimeMs / 1000);
    } finally {
      closeSync(made);
    }
  }

  #factsOf({ status }: FileEntry): { uid: number; gid: number; mode: number } {
    const { owner, mode } = this.#request;
    const own = status.mode & 0o7777;
    return {
      uid: owner?.uid ?? status.uid,
      gid: owner?.gid ?? status.gid,
      mode: mode === undefined ? own : mode(own, status.isDirectory()),
    };
  }

  /** Owner, then mode: a change of owner clears the set-user bit. */
  #describe(place: string, entry: FileEntry): void {
    const { uid, gid, mode } = this.#factsOf(entry);
    lchownSync(place, uid, gid);
    if (entry.link === undefined) chmodSync(place, mode);
  }
}

/** Takes away what a file is to replace, and makes the folder for it. */
function makeRoom(rootfs: string, place: string): void {
  const before = statusOf(place);
  if (before?.isDirectory()) throw overFolder(place.slice(rootfs.length));
  if (before !== undefined) rmSync(place);
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

function overFolder(path: string): PlimsollError {
  return new PlimsollError('conflict', `a file cannot replace the folder "${path}" of the image`, {
    code: 'DESTINATION_IS_FOLDER',
    hint: `copy it into the folder with "${path}/", or remove the folder in a RUN step before`,
  });
}
