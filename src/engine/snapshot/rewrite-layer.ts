import { PlimsollError } from '../../errors.ts';
import { blankEntry, type TarEntry, type TarPart } from '../../lib/tar/index.ts';
import { isContentXattr, isDeviceNumber } from '../kernel/index.ts';
import { LayerLinks } from './layer-links.ts';
import { cleanName, show, unsafe } from './layer-names.ts';
import { opaqueMarker, whiteoutPrefix } from './whiteout.ts';

export interface RewriteOptions {
  readonly opaqueXattr: string;
  /** Most entries of one archive, with the folders that it leaves out. Default 5 million. */
  readonly entryLimit?: number;
  /** Most bytes of all files, holes of sparse files too. Default: no limit. */
  readonly byteLimit?: number;
  /** Told what becomes of each entry's content. */
  readonly recorder?: LayerRecorder;
}

/** Hears of an archive, in order, so that it can be put together again from the files that are made of it. */
export interface LayerRecorder {
  /** Bytes of the archive that stand in no file. */
  raw(bytes: Uint8Array): void;
  /** Content that stands in a file: below the layer's folder (bytes as latin1), at a place in it. */
  content(path: string, offset: number, length: number): void;
  /** A file whose content was told is deleted or replaced by a later entry. */
  lost(path: string): void;
}

/** Gives what is to be made for each part of the archive: entries, and content of the last entry. */
export interface LayerRewriter {
  part(part: TarPart): readonly TarPart[];
  /** Bytes of the regular files so far. */
  fileBytes(): number;
}

/**
 * Turns the parts of any layer tar into what is to be made of them in an empty folder for overlayfs, so that nothing is
 * made that was not understood and checked here: names stay below the root and lead through no link, hard links point
 * at files of the archive, deletions are character devices 0:0 and opaque marks, folders that the archive leaves out are
 * made as everyone expects them. Throws `UNSAFE_ARCHIVE`.
 */
export function rewriteLayer(options: RewriteOptions): LayerRewriter {
  const { entryLimit = 5_000_000, byteLimit = Number.POSITIVE_INFINITY, recorder } = options;
  const tree: Tree = {
    folders: new Map(),
    symlinks: new LayerLinks(),
    files: new Set(),
    whiteouts: new Set(),
    opaque: new Set(),
    lost: path => recorder?.lost(path),
  };
  let count = 0;
  let fileBytes = 0;
  let wanted = false;
  return {
    part: part => {
      if ('content' in part) {
        if (wanted) return [part];
        recorder?.raw(part.content);
        return [];
      }
      const entries = rewriteEntry(part.entry, tree, options.opaqueXattr);
      count += Math.max(entries.length, 1); // one deep name makes two thousand folders
      if (count > entryLimit) throw unsafe(`it has more than ${entryLimit} entries`);
      const last = entries.at(-1);
      wanted = last?.type === 'file';
      const parts = entries.map(entry => ({ entry }));
      if (last === undefined || !wanted) return parts;
      fileBytes += part.entry.sparse?.size ?? part.entry.size;
      if (fileBytes > byteLimit) throw tooLarge(byteLimit);
      record(recorder, last);
      return parts;
    },
    fileBytes: () => fileBytes,
  };
}

function record(recorder: LayerRecorder | undefined, { name, size, sparse }: TarEntry): void {
  for (const { offset, length } of sparse?.pieces ?? [{ offset: 0, length: size }]) {
    if (length > 0) recorder?.content(name, offset, length);
  }
}

function tooLarge(limit: number): PlimsollError {
  return new PlimsollError(
    'invalid-argument',
    `the archive is refused: its files have more than ${limit} bytes`,
    {
      code: 'ARCHIVE_TOO_LARGE',
      hint: 'nothing of it was kept: so many bytes of so small an archive are hardly meant well',
    },
  );
}

/** What the archive has described so far, by clean resolved path. */
interface Tree {
  readonly folders: Map<string, TarEntry>;
  readonly symlinks: LayerLinks;
  /** All that is neither a folder nor a deletion. */
  readonly files: Set<string>;
  readonly whiteouts: Set<string>;
  readonly opaque: Set<string>;
  readonly lost: (path: string) => void;
}

/** The entries to write for one of the archive; the last is the one whose content follows. */
function rewriteEntry(entry: TarEntry, tree: Tree, opaqueXattr: string): TarEntry[] {
  const clean = cleanName(entry.name);
  if (clean === '') return []; // the root is made by us
  if (clean.split('/').some(part => part.startsWith('.wh..wh.') && part !== opaqueMarker)) return []; // aufs's notes
  const path = tree.symlinks.resolve(clean);
  const parents = missingParents(path, entry, tree, opaqueXattr);
  const slash = path.lastIndexOf('/');
  const [folder, name] = [path.slice(0, Math.max(slash, 0)), path.slice(slash + 1)];
  if (name === opaqueMarker) return [...parents, ...markOpaque(folder, tree, opaqueXattr)];
  if (name.startsWith(whiteoutPrefix)) {
    const hidden = name.slice(whiteoutPrefix.length);
    return [...parents, ...hide(folder, hidden, entry, tree, opaqueXattr)];
  }
  checkNumbers(entry);
  checkZeroBytes(entry);
  const xattrs = entry.xattrs.filter(xattr => isContentXattr(xattr.name));
  const common: TarEntry = { ...entry, name: path, xattrs };
  if (entry.type === 'directory') return [...parents, addFolder(common, tree, opaqueXattr)];
  tree.folders.delete(path);
  tree.symlinks.delete(path);
  const target = entry.type === 'link' ? linkTarget(entry, path, tree) : entry.linkName;
  if (tree.files.has(path)) tree.lost(path);
  tree.files.add(path);
  if (entry.type === 'symlink') tree.symlinks.set(path, target);
  return [...parents, { ...common, linkName: target }];
}

/** Folders that the archive has not named before what is in them; it may still name them later. */
function missingParents(path: string, entry: TarEntry, tree: Tree, opaqueXattr: string): TarEntry[] {
  const missing: string[] = [];
  // From below: where one is there, so are those above it. A deep name is gone through once, not for each file.
  for (let slash = path.lastIndexOf('/'); slash >= 0; slash = path.lastIndexOf('/', slash - 1)) {
    const folder = path.slice(0, slash);
    if (tree.folders.has(folder)) break;
    missing.push(folder);
  }
  const made: TarEntry[] = [];
  for (const folder of missing.reverse()) {
    if (tree.files.has(folder)) throw unsafe(`it has a file "${show(folder)}" with files in it`);
    const parent: TarEntry = {
      ...entry,
      name: folder,
      type: 'directory',
      mode: 0o755,
      uid: 0,
      gid: 0,
      size: 0,
      linkName: '',
      major: 0,
      minor: 0,
      xattrs: [],
    };
    made.push(addFolder(parent, tree, opaqueXattr));
  }
  return made;
}

function addFolder(entry: TarEntry, tree: Tree, opaqueXattr: string): TarEntry {
  tree.symlinks.delete(entry.name);
  if (tree.files.delete(entry.name)) tree.lost(entry.name);
  // A folder deleted and made anew hides what the old one held.
  if (tree.whiteouts.delete(entry.name)) tree.opaque.add(entry.name);
  const folder = tree.opaque.has(entry.name) ? withOpaque(entry, opaqueXattr) : entry;
  tree.folders.set(entry.name, folder);
  return folder;
}

function markOpaque(folder: string, tree: Tree, opaqueXattr: string): TarEntry[] {
  if (folder === '') throw unsafe('it hides the whole root filesystem below it, which overlayfs cannot do');
  const known = tree.folders.get(folder);
  if (known === undefined || tree.opaque.has(folder)) return [];
  tree.opaque.add(folder);
  const marked = withOpaque(known, opaqueXattr);
  tree.folders.set(folder, marked);
  return [marked]; // once more, now with the attribute
}

/** A deletion. It speaks of the layers below: what this archive itself has under the name stays. */
function hide(folder: string, name: string, entry: TarEntry, tree: Tree, opaqueXattr: string): TarEntry[] {
  if (name === '' || name === '.' || name === '..') throw unsafe(`"${show(entry.name)}" deletes no file`);
  const path = folder === '' ? name : `${folder}/${name}`;
  if (tree.folders.has(path)) return markOpaque(path, tree, opaqueXattr);
  if (tree.files.has(path)) return [];
  tree.whiteouts.add(path);
  return [{ ...blankEntry, name: path, type: 'character' }];
}

function linkTarget(entry: TarEntry, path: string, tree: Tree): string {
  const target = tree.symlinks.resolve(cleanName(entry.linkName));
  if (target !== path && tree.files.has(target)) return target;
  throw unsafe(
    `the hard link "${show(entry.name)}" points at "${show(entry.linkName)}", which is no file of it`,
  );
}

function withOpaque(entry: TarEntry, opaqueXattr: string): TarEntry {
  const others = entry.xattrs.filter(xattr => xattr.name !== opaqueXattr);
  return { ...entry, xattrs: [...others, { name: opaqueXattr, value: Buffer.from('y') }] };
}

function checkNumbers({ name, type, uid, gid, major, minor }: TarEntry): void {
  const isDevice = type === 'character' || type === 'block';
  if (isDevice && !isDeviceNumber({ major, minor }))
    throw unsafe(`"${show(name)}" is a device ${major}:${minor}, a number that Linux does not have`);
  const most = 0xfffffffe; // (uid_t)-1 means "leave it"
  if (uid < 0 || gid < 0 || uid > most || gid > most) throw unsafe(`"${show(name)}" has an impossible owner`);
}

/** The kernel would read another text than was checked here. */
function checkZeroBytes({ name, linkName, xattrs }: TarEntry): void {
  if ([linkName, ...xattrs.map(xattr => xattr.name)].some(text => text.includes('\0')))
    throw unsafe(`"${show(name)}" has a link or an attribute with a zero byte`);
}
