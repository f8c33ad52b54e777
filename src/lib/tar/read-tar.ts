import { badArchive } from './bad-archive.ts';
import { type ByteSource, byteSource } from './byte-source.ts';
import { type TarEntry, type TarType, tarBlock, tarPadding } from './entry.ts';
import { readPaxRecords } from './pax-records.ts';
import { type RawHeader, readTarHeader } from './read-header.ts';

/** An entry, or a piece of the content of the entry before it. */
export type TarPart = { readonly entry: TarEntry } | { readonly content: Buffer };

/**
 * Reads a tar (V7, ustar, pax, GNU) as it comes, holding one piece at a time; reads the source to its end. Names are
 * as the archive has them: the caller must not trust them. Throws `BAD_ARCHIVE`, also for sparse files, which need
 * GNU tar to be understood.
 */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarPart> {
  const bytes = byteSource(source);
  try {
    yield* readParts(bytes);
  } finally {
    await bytes.close();
  }
}

async function* readParts(bytes: ByteSource): AsyncGenerator<TarPart> {
  let global: Pax = new Map();
  let pax: Pax = new Map();
  for (;;) {
    const block = await bytes.exactly(tarBlock);
    const header = block && readTarHeader(block);
    if (header === undefined) break;
    if (header.flag === 'x') pax = new Map([...pax, ...readPaxRecords(await body(bytes, header))]);
    else if (header.flag === 'g') global = new Map([...global, ...readPaxRecords(await body(bytes, header))]);
    else if (header.flag === 'L') pax.set('path', cutAtNul(await body(bytes, header)));
    else if (header.flag === 'K') pax.set('linkpath', cutAtNul(await body(bytes, header)));
    else if (header.flag === 'V')
      await body(bytes, header); // a volume's name
    else {
      const entry = entryOf(header, new Map([...global, ...pax]));
      pax = new Map();
      yield { entry };
      yield* content(bytes, entry.size);
    }
  }
  if (pax.size > 0) throw badArchive('it ends after a header that has no file');
  await bytes.drain();
}

type Pax = Map<string, Buffer>;

const types: Readonly<Record<string, TarType>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};

const extraLimit = 1024 * 1024;

async function body(bytes: ByteSource, { size }: RawHeader): Promise<Buffer> {
  if (size > extraLimit) throw badArchive('a header for names and attributes is larger than 1 MiB');
  const whole = await bytes.exactly(size + tarPadding(size));
  if (whole === undefined && size > 0) throw badArchive('it breaks off in the middle');
  return Buffer.from((whole ?? Buffer.alloc(0)).subarray(0, size)); // a copy: the piece it is part of may be large
}

function cutAtNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

function entryOf(header: RawHeader, pax: Pax): TarEntry {
  const sparse = header.flag === 'S' || [...pax.keys()].some(key => key.startsWith('GNU.sparse.'));
  if (sparse) throw badArchive('it has sparse files', 'make it again with tar, without --sparse');
  const type = types[header.flag];
  if (type === undefined) throw badArchive(`it has an entry of unknown type "${header.flag}"`);
  const name = text(pax, 'path') ?? header.name;
  const folder = type === 'directory' || (type === 'file' && name.endsWith('/')); // V7 has no folders
  const size = integer(pax, 'size') ?? header.size;
  if (size < 0) throw badArchive('it has a file of negative size');
  return {
    name: name.replace(/\/+$/, ''),
    type: folder ? 'directory' : type,
    mode: header.mode & 0o7777,
    uid: integer(pax, 'uid') ?? header.uid,
    gid: integer(pax, 'gid') ?? header.gid,
    size: type === 'file' && !folder ? size : 0,
    mtime: integer(pax, 'mtime') ?? header.mtime,
    linkName: type === 'link' || type === 'symlink' ? (text(pax, 'linkpath') ?? header.linkName) : '',
    major: header.major,
    minor: header.minor,
    xattrs: xattrsOf(pax),
  };
}

function text(pax: Pax, key: string): string | undefined {
  const value = pax.get(key)?.toString('latin1');
  return value === '' ? undefined : value;
}

/** Whole part of a decimal number, rounded down: mtimes may have a fraction. */
function integer(pax: Pax, key: string): number | undefined {
  const value = text(pax, key);
  if (value === undefined) return undefined;
  const result = Math.floor(Number(value));
  if (/^-?[0-9]+(\.[0-9]*)?$/.test(value) && Number.isSafeInteger(result)) return result;
  throw badArchive(`a pax header has "${key}" that is not a number`);
}

function xattrsOf(pax: Pax): TarEntry['xattrs'] {
  const prefix = 'SCHILY.xattr.';
  return [...pax]
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => ({ name: key.slice(prefix.length), value }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function* content(bytes: ByteSource, size: number): AsyncGenerator<TarPart> {
  for (let left = size; left > 0; ) {
    const piece = await bytes.some(left);
    yield { content: piece };
    left -= piece.length;
  }
  if (tarPadding(size) > 0 && (await bytes.exactly(tarPadding(size))) === undefined)
    throw badArchive('it breaks off in the middle');
}
