import {
  chmodSync,
  closeSync,
  constants,
  lchownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
} from 'node:fs';
import { dirname } from 'node:path/posix';
import { isContentXattr, type Native, preloadNative, readXattrs } from '../kernel/index.ts';
import { isWhiteout } from './below.ts';
import { clearWay } from './clear-way.ts';
import { copyFolder } from './copy-folder.ts';
import { walkTree } from './tree-tar.ts';

/*
 * A root filesystem for whoever may not mount, as a copy of its layers: what was done to it is found by comparing it with
 * what it was. It costs the bytes of all layers for each step; an overlay is taken wherever there can be one.
 */

/** What a copy held when it was made: by path, as latin1. */
export type Copied = ReadonlyMap<string, Stats>;

interface CopyRequest {
  /** Folders of layers, base first. */
  readonly layers: readonly string[];
  readonly target: string;
  readonly opaqueXattr: string;
  readonly signal: AbortSignal | undefined;
}

/** Fills an empty folder with what layers show together. */
export async function copyLayers({ layers, target, opaqueXattr, signal }: CopyRequest): Promise<Copied> {
  const native = await preloadNative();
  for (const layer of layers) {
    clearWay(layer, target, { native, opaqueXattr });
    await copyFolder(layer, target, signal);
  }
  const copied = new Map<string, Stats>();
  for (const { path, absolute, stats } of [...walkTree(latin1(target))]) {
    if (isWhiteout(stats)) unlinkSync(absolute);
    else copied.set(path, stats);
  }
  for (const [path, stats] of copied) // a whiteout that went has changed its folder's time
    if (stats.isDirectory()) copied.set(path, lstatSync(inside(target, path)));
  return copied;
}

/** Moves what was done to a copy into `upper`, as overlayfs would have written it there. The copy is of no use afterwards. */
export async function moveChanges(
  copied: Copied,
  { layers, target, upper }: Pick<CopyRequest, 'layers' | 'target'> & { readonly upper: string },
): Promise<void> {
  const native = await preloadNative();
  const mover = new Mover(native, target, upper);
  const folders = new Set(['.']);
  const seen = new Set<string>();
  for (const { path, absolute, stats } of [...walkTree(latin1(target))]) {
    seen.add(path);
    if (stats.isDirectory()) folders.add(path);
    const before = copied.get(path);
    if (before !== undefined && isUnchanged(before, stats, () => sameAsBelow(layers, path, absolute)))
      continue;
    if (stats.isDirectory()) mover.folder(path);
    else mover.file(path);
  }
  for (const path of copied.keys()) if (!seen.has(path) && folders.has(dirname(path))) mover.deletion(path);
  mover.finish();
}

/** Of a folder its entries tell; a file whose facts are the same but for when they changed is looked into. */
function isUnchanged(before: Stats, now: Stats, looksTheSame: () => boolean): boolean {
  const same =
    before.mode === now.mode &&
    before.uid === now.uid &&
    before.gid === now.gid &&
    before.mtimeMs === now.mtimeMs;
  if (!same) return false;
  if (now.isDirectory()) return before.ino === now.ino;
  if (before.size !== now.size || before.rdev !== now.rdev || before.nlink !== now.nlink) return false;
  return (before.ino === now.ino && before.ctimeMs === now.ctimeMs) || (now.isFile() && looksTheSame());
}

function sameAsBelow(layers: readonly string[], path: string, absolute: Buffer): boolean {
  for (const layer of [...layers].reverse()) {
    const place = inside(layer, path);
    if (lstatSync(place, { throwIfNoEntry: false })?.isFile())
      return readFileSync(place).equals(readFileSync(absolute));
  }
  return false;
}

class Mover {
  readonly #native: Native;
  readonly #target: string;
  readonly #upper: string;
  readonly #made = new Set<string>(['.']);

  constructor(native: Native, target: string, upper: string) {
    this.#native = native;
    this.#target = target;
    this.#upper = upper;
  }

  file(path: string): void {
    this.folder(dirname(path));
    renameSync(inside(this.#target, path), inside(this.#upper, path));
  }

  /** A folder with the facts that it has; its times come last. */
  folder(path: string): void {
    if (this.#made.has(path)) return;
    this.folder(dirname(path));
    this.#made.add(path);
    const [from, to] = [inside(this.#target, path), inside(this.#upper, path)];
    mkdirSync(to);
    this.#describe(from, to);
  }

  deletion(path: string): void {
    this.folder(dirname(path));
    const folder = openSync(inside(this.#upper, dirname(path)), constants.O_DIRECTORY);
    try {
      const name = Buffer.from(path.slice(path.lastIndexOf('/') + 1), 'latin1');
      this.#native.mknodat(folder, name, constants.S_IFCHR, { major: 0, minor: 0 });
    } finally {
      closeSync(folder);
    }
  }

  finish(): void {
    this.#describe(Buffer.from(this.#target), Buffer.from(this.#upper));
    for (const path of [...this.#made].reverse()) {
      const { atimeMs, mtimeMs } = statSync(inside(this.#target, path));
      lutimesSync(inside(this.#upper, path), atimeMs / 1000, mtimeMs / 1000);
    }
  }

  #describe(from: Buffer, to: Buffer): void {
    const { mode, uid, gid } = lstatSync(from);
    lchownSync(to, uid, gid);
    chmodSync(to, mode & 0o7777);
    for (const { name, value } of readXattrs(this.#native, from))
      if (isContentXattr(name) && !name.startsWith('trusted.')) this.#native.lsetxattr(to, name, value);
  }
}

function inside(folder: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(path, 'latin1')]);
}

function latin1(path: string): string {
  return Buffer.from(path).toString('latin1');
}
