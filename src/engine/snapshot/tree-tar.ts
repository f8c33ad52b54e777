import {
  type BigIntStats,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs';
import { errnoOf, PlimsollError } from '../../errors.ts';
import { blankEntry, type TarEntry, tarEnd, tarPadding, writeTarHeader } from '../../lib/tar/index.ts';
import { deviceNumbers, isContentXattr, type Native, readXattrs } from '../kernel/index.ts';
import { isWhiteout, opaqueMarker, whiteoutPrefix } from './whiteout.ts';

export interface TreeOptions {
  readonly native: Native;
  /** The xattr of opaque folders. */
  readonly opaqueXattr: string;
  /** Asked for each opaque folder (path in the tree, latin1), whether its mark is content. Default: it is. */
  readonly keepOpaque?: (path: string, absolute: Buffer) => boolean;
  /** What files (paths in the tree, latin1) hold, as far as it is known already. Default: all are read. */
  readonly contents?: { get(path: string): Buffer | undefined };
}

/** What a layer's tar amounts to, in bytes. */
export interface TreeTotals {
  readonly fileBytes: number;
  readonly tarBytes: number;
}

/**
 * The canonical tar of a layer's folder, in pieces: entries sorted by bytes, numeric owners, whole seconds, hard
 * links to the first name of a file, whiteouts as `.wh.` files; no entry for the root itself, no sockets. The same
 * tree always gives the same bytes. Synchronous, so that the caller decides when to let others run; holds one piece
 * of one file at a time.
 */
export function* tarOfTree(folder: string, options: TreeOptions): Generator<Buffer, TreeTotals> {
  const links = new Map<string, string>();
  let fileBytes = 0;
  let tarBytes = 0;
  for (const { path, absolute, stats } of walkTree(Buffer.from(folder).toString('latin1'))) {
    const entry = entryOf(path, absolute, stats, links, options);
    if (entry === undefined) continue;
    const header = writeTarHeader(entry);
    yield header;
    tarBytes += header.length;
    if (entry.size > 0) {
      const known = options.contents?.get(path);
      if (known?.length === entry.size) yield known;
      else yield* content(absolute, entry.size);
      if (tarPadding(entry.size) > 0) yield zeros.subarray(0, tarPadding(entry.size));
      fileBytes += entry.size;
      tarBytes += entry.size + tarPadding(entry.size);
    }
    if (entry.type === 'directory' && isOpaque(path, absolute, options)) {
      const marker = writeTarHeader(markerEntry(`${path}/${opaqueMarker}`));
      yield marker;
      tarBytes += marker.length;
    }
  }
  yield Buffer.from(tarEnd);
  return { fileBytes, tarBytes: tarBytes + tarEnd.length };
}

/**
 * Everything below a folder, sorted by the bytes of names, folders before what is in them. Paths are latin1. What
 * vanishes meanwhile is left out. `enter`: whether what is in a folder is wanted, asked after the folder itself was told.
 */
export function* walkTree(
  folder: string,
  path = '',
  enter: (path: string) => boolean = () => true,
): Generator<{ path: string; absolute: Buffer; stats: Stats }> {
  const here = path === '' ? folder : `${folder}/${path}`;
  for (const name of namesIn(here, path === '').sort(byCodeUnit)) {
    const inner = path === '' ? name : `${path}/${name}`;
    const absolute = Buffer.from(`${folder}/${inner}`, 'latin1');
    const stats = lstatSync(absolute, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    yield { path: inner, absolute, stats };
    if (stats.isDirectory() && enter(inner)) yield* walkTree(folder, inner, enter);
  }
}

function namesIn(folder: string, mustBe: boolean): string[] {
  try {
    return readdirSync(Buffer.from(folder, 'latin1'), { encoding: 'latin1' });
  } catch (error) {
    if (mustBe || !['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) throw error;
    return [];
  }
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function entryOf(
  path: string,
  absolute: Buffer,
  stats: Stats,
  links: Map<string, string>,
  { native }: TreeOptions,
): TarEntry | undefined {
  if (isWhiteout(stats)) return markerEntry(whiteoutName(path));
  if (stats.isSocket()) return undefined;
  refuseMarkerName(path);
  const common = {
    name: path,
    mode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
    size: 0,
    mtime: Math.floor(stats.mtimeMs / 1000),
    linkName: '',
    major: 0,
    minor: 0,
    xattrs: [],
  };
  const first = stats.nlink > 1 && !stats.isDirectory() ? firstName(path, absolute, links) : undefined;
  if (first !== undefined) return { ...common, type: 'link', linkName: first };
  const xattrs = readXattrs(native, absolute).filter(xattr => isContentXattr(xattr.name));
  if (stats.isDirectory()) return { ...common, xattrs, type: 'directory' };
  if (stats.isFile()) return { ...common, xattrs, type: 'file', size: stats.size };
  if (stats.isSymbolicLink()) {
    return { ...common, mode: 0o777, xattrs, type: 'symlink', linkName: readlinkSync(absolute, 'latin1') };
  }
  if (stats.isFIFO()) return { ...common, xattrs, type: 'fifo' };
  const type = stats.isBlockDevice() ? 'block' : 'character';
  return { ...common, xattrs, type, ...deviceNumbers(stats.rdev) };
}

/** The name under which a file with several names is in the tar already; else remembers this one. */
function firstName(path: string, absolute: Buffer, links: Map<string, string>): string | undefined {
  const { dev, ino }: BigIntStats = lstatSync(absolute, { bigint: true }); // an inode may exceed 2^53
  const key = `${dev}:${ino}`;
  const first = links.get(key);
  if (first === undefined) links.set(key, path);
  return first;
}

function isOpaque(path: string, absolute: Buffer, { native, opaqueXattr, keepOpaque }: TreeOptions): boolean {
  const mark = readXattrs(native, absolute).find(xattr => xattr.name === opaqueXattr);
  if (mark?.value.toString('latin1') !== 'y') return false;
  return keepOpaque === undefined || keepOpaque(path, absolute);
}

/** Deletions carry no time and no owner, so that deleting the same things twice gives the same layer. */
function markerEntry(name: string): TarEntry {
  return { ...blankEntry, name, type: 'file' };
}

function whiteoutName(path: string): string {
  const slash = path.lastIndexOf('/') + 1;
  return `${path.slice(0, slash)}${whiteoutPrefix}${path.slice(slash)}`;
}

function refuseMarkerName(path: string): void {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (!name.startsWith(whiteoutPrefix)) return;
  const shown = Buffer.from(path, 'latin1').toString('utf8');
  throw new PlimsollError('invalid-argument', `the file "/${shown}" cannot be part of an image`, {
    code: 'RESERVED_NAME',
    hint: `names that begin with "${whiteoutPrefix}" mean a deletion in image layers: rename it or delete it`,
    data: { path: shown },
  });
}

const zeros = Buffer.alloc(512);

function* content(absolute: Buffer, size: number): Generator<Buffer> {
  const file = openSync(absolute, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    for (let left = size; left > 0; ) {
      const piece = Buffer.allocUnsafe(Math.min(left, 256 * 1024));
      const length = readSync(file, piece, 0, piece.length, null);
      if (length === 0) throw changed(absolute);
      yield piece.subarray(0, length);
      left -= length;
    }
  } finally {
    closeSync(file);
  }
}

function changed(absolute: Buffer): PlimsollError {
  return new PlimsollError('conflict', `the file "${absolute.toString('utf8')}" shrank while it was read`, {
    code: 'LAYER_CHANGED',
    hint: 'something still writes into the layer: stop it and try again',
  });
}
