import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join, posix } from 'node:path';
import { PlimsollError } from '../../../errors.ts';
import { type TarEntry, type TarPart, tarReader } from '../../../lib/tar/index.ts';

/** A file of an archive, on disk. */
export interface SpooledFile {
  readonly path: string;
  readonly size: number;
  readonly digest: string;
}

/** The files of an archive by their names in it. No name of the archive is ever one on disk. */
export interface SpooledArchive {
  /** The file of a name, also by way of links in the archive. */
  find(name: string): SpooledFile | undefined;
  /** The bytes of a small file; throws `BAD_ARCHIVE` if it is missing or large. */
  read(name: string, limit: number): Buffer;
}

/** No honest archive of images has so many files: a handful for each image, one for each layer. */
const entryLimit = 50_000;

/** Writes the files of a tar into a folder, numbered, and hashes them on the way: only one piece is ever in memory. */
export async function spoolArchive(tar: AsyncIterable<Uint8Array>, folder: string): Promise<SpooledArchive> {
  const files = new Map<string, SpooledFile>();
  const links = new Map<string, string>();
  const reader = tarReader();
  let open: OpenFile | undefined;
  let count = 0;
  const begin = (entry: TarEntry): void => {
    close();
    if (++count > entryLimit) throw badArchive(`it has more than ${entryLimit} files`);
    const name = memberName(entry.name);
    forget(name, files);
    links.delete(name);
    if (entry.type === 'file') open = openFile(name, join(folder, String(count)));
    if (entry.type === 'link') links.set(name, memberName(entry.linkName));
    if (entry.type === 'symlink')
      links.set(name, memberName(posix.join(posix.dirname(name), entry.linkName)));
  };
  const close = (): void => {
    if (open === undefined) return;
    const { name, path, file, size, hash } = open;
    open = undefined;
    closeSync(file);
    files.set(name, { path, size, digest: `sha256:${hash.digest('hex')}` });
  };
  const take = (parts: Iterable<TarPart>): void => {
    for (const part of parts) {
      if ('entry' in part) begin(part.entry);
      else if (open !== undefined) append(open, part.content);
    }
  };
  try {
    for await (const bytes of tar) take(reader.push(bytes));
    take(reader.end());
  } finally {
    close();
  }
  return archiveOf(files, links);
}

interface OpenFile {
  readonly name: string;
  readonly path: string;
  readonly file: number;
  readonly hash: Hash;
  size: number;
}

function openFile(name: string, path: string): OpenFile {
  return { name, path, file: openSync(path, 'wx', 0o644), hash: createHash('sha256'), size: 0 };
}

function append(open: OpenFile, piece: Buffer): void {
  open.hash.update(piece);
  open.size += piece.length;
  for (let done = 0; done < piece.length; ) done += writeSync(open.file, piece, done);
}

/** Of two files of one name the later one counts, as wherever a tar is unpacked. */
function forget(name: string, files: Map<string, SpooledFile>): void {
  const before = files.get(name);
  if (before !== undefined) rmSync(before.path, { force: true });
  files.delete(name);
}

function archiveOf(
  files: ReadonlyMap<string, SpooledFile>,
  links: ReadonlyMap<string, string>,
): SpooledArchive {
  const find = (name: string): SpooledFile | undefined => {
    let at = memberName(name);
    for (let hops = 0; hops < 8 && !files.has(at); hops++) at = links.get(at) ?? at;
    return files.get(at);
  };
  return {
    find,
    read: (name, limit) => {
      const file = find(name);
      if (file === undefined) throw badArchive(`its file "${name}" is missing`);
      if (file.size > limit)
        throw badArchive(`its file "${name}" has ${file.size} bytes, more than ${limit}`);
      return readFileSync(file.path);
    },
  };
}

/** `./a//b` and `/a/b` are `a/b`; what would climb out of the archive stays below its top. */
function memberName(name: string): string {
  return posix.normalize(`/${name}`).replace(/^\/+|\/+$/g, '');
}

/** The error for a tar that is no archive of images; `why` is a clause about "it". */
export function badArchive(why: string): PlimsollError {
  return new PlimsollError('invalid-argument', `the archive cannot be loaded: ${why}`, {
    code: 'BAD_ARCHIVE',
    hint: "nothing of it was kept: make it again with 'save'; for the tar of a root filesystem there is 'import'",
  });
}
