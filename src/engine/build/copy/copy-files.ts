import { lchownSync, lstatSync, lutimesSync, rmSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { PlimsollError } from '../../../errors.ts';
import { resolveInRoot } from '../../kernel/index.ts';
import { createPause, type FileEntry, type Selection } from '../source/index.ts';
import { FileWriter } from './file-writer.ts';
import { existingFolder, makeFolder, type Owner, statusOf } from './folders.ts';
import type { ModeChange } from './mode-change.ts';

export interface CopyRequest {
  /** The root filesystem to copy into. */
  readonly root: string;
  /**
   * Where changes of `root` land, if it is an overlay: files that are new go there directly, which costs half as much.
   * Nothing else may be done in `root` afterwards.
   */
  readonly upper?: {
    readonly folder: string;
    detach(): Promise<void>;
    /** Told what a small file (its path relative to `folder`) was made of. */
    wrote?(path: string, content: Uint8Array): void;
  };
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
  await copier.finish();
}

const root: Owner = { uid: 0, gid: 0 };

/** A folder of the destination. */
interface Folder {
  readonly path: string;
  /** The copy has made it: nothing is in it but what the copy puts there. */
  readonly isNew: boolean;
}

class Copier {
  readonly #request: CopyRequest;
  readonly #pause: () => Promise<void> | undefined;
  readonly #writer: FileWriter;
  /** Times of folders are set when nothing more is put into them. */
  readonly #times: (readonly [folder: string, entry: FileEntry])[] = [];
  /** Files and folders that are new, to be made without the overlay; paths are those in `root`. */
  readonly #later: (readonly [entry: FileEntry, place: string])[] = [];
  readonly #defers: boolean;
  readonly #copiedUp = new Set<string>();

  constructor(request: CopyRequest) {
    this.#request = request;
    this.#pause = createPause(request.signal);
    this.#writer = new FileWriter(request);
    this.#defers = request.upper !== undefined && request.selections.length === 1;
  }

  async copy(selection: Selection): Promise<void> {
    const [first, ...rest] = selection.entries;
    if (first === undefined) return;
    if (selection.isFolder) await this.#copyFolder(first, rest);
    else await this.#replace(first, this.#placeOf(first));
  }

  async finish(): Promise<void> {
    const { upper, root: rootfs } = this.#request;
    const moved = (path: string) =>
      upper !== undefined && this.#defers ? upper.folder + path.slice(rootfs.length) : path;
    if (this.#later.length > 0) await upper?.detach();
    for (const [entry, place] of this.#later) {
      await this.#pause();
      const content = await this.#writer.write(entry, moved(place));
      if (content !== undefined) upper?.wrote?.(place.slice(rootfs.length + 1), content);
    }
    const isDetached = this.#later.length > 0;
    for (const [folder, { status }] of this.#times.reverse())
      lutimesSync(isDetached ? moved(folder) : folder, status.atimeMs / 1000, status.mtimeMs / 1000);
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
    if (isNew && (!destination.endsWith('/') || top.path !== '')) {
      this.#writer.describe(folder, top);
      this.#times.push([folder, top]);
    }
    const folders = new Map<string, Folder>([[top.path === '' ? '.' : top.path, { path: folder, isNew }]]);
    for (const entry of entries) {
      await this.#pause();
      const parent = folders.get(posix.dirname(entry.path)) ?? { path: folder, isNew };
      const name = posix.basename(entry.path);
      if (entry.status.isDirectory()) folders.set(entry.path, await this.#enterFolder(entry, parent, name));
      else if (parent.isNew) await this.#add(entry, join(parent.path, name));
      else await this.#replace(entry, join(parent.path, name));
    }
  }

  /** The folder for an entry's content: one that is there, else a new one. */
  async #enterFolder(entry: FileEntry, parent: Folder, name: string): Promise<Folder> {
    const there = parent.isNew ? undefined : existingFolder(this.#request.root, parent.path, name);
    if (there !== undefined) {
      this.#writer.describe(there, entry);
      this.#times.push([there, entry]);
      return { path: there, isNew: false };
    }
    const path = join(parent.path, name);
    if (!parent.isNew) this.#copyUp(parent.path);
    await this.#add(entry, path);
    this.#times.push([path, entry]);
    return { path, isNew: true };
  }

  /** Makes what is not there. */
  async #add(entry: FileEntry, place: string): Promise<void> {
    if (this.#defers) this.#later.push([entry, place]);
    else await this.#writer.write(entry, place);
  }

  /** Makes a file where another one may be. */
  async #replace(entry: FileEntry, place: string): Promise<void> {
    const before = statusOf(place);
    if (before === undefined) {
      this.#copyUp(dirname(place));
      await this.#add(entry, place);
      return;
    }
    if (before.isDirectory()) throw overFolder(place.slice(this.#request.root.length));
    rmSync(place);
    await this.#writer.write(entry, place);
  }

  /** Makes the overlay have a folder among its changes, so that files can be put there: by setting what is so already. */
  #copyUp(folder: string): void {
    if (!this.#defers || this.#copiedUp.has(folder)) return;
    this.#copiedUp.add(folder);
    const { uid, gid } = lstatSync(folder);
    lchownSync(folder, uid, gid);
  }
}

function overFolder(path: string): PlimsollError {
  return new PlimsollError('conflict', `a file cannot replace the folder "${path}" of the image`, {
    code: 'DESTINATION_IS_FOLDER',
    hint: `copy it into the folder with "${path}/", or remove the folder in a RUN step before`,
  });
}
