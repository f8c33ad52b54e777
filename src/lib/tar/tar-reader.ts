import { ByteInput } from '../byte-input.ts';
import { badArchive } from './bad-archive.ts';
import { type TarEntry, type TarType, tarBlock, tarPadding } from './entry.ts';
import { readPaxRecords } from './pax-records.ts';
import { type RawHeader, readTarHeader } from './read-header.ts';
import { isSparse, readSparse } from './read-sparse.ts';

/** An entry, or a piece of the content of the entry before it. */
export type TarPart = { readonly entry: TarEntry } | { readonly content: Buffer };

export interface TarReaderOptions {
  /**
   * Told every byte of the archive that is not content, in order, before the part that comes after it: headers, padding,
   * the end. With the contents these are the archive. A view that is only good during the call.
   */
  readonly onRaw?: (bytes: Buffer) => void;
  /** Give sparse files as `TarEntry.sparse` says, instead of refusing them. */
  readonly sparse?: boolean;
}

/** A tar (V7, ustar, pax, GNU) read piece by piece, without waiting: made for archives of many small files. */
export interface TarReader {
  /**
   * What has come with some more bytes, which are the caller's again when all of it is taken. Names are as the archive
   * has them: not to be trusted. Throws `BAD_ARCHIVE`.
   */
  push(bytes: Uint8Array): Iterable<TarPart>;
  /** What is left when no more bytes come; throws `BAD_ARCHIVE` if the archive is not whole. */
  end(): Iterable<TarPart>;
}

export function tarReader(options: TarReaderOptions = {}): TarReader {
  const input = new ByteInput();
  const parts = readParts(input, options);
  function* more(): Generator<TarPart> {
    for (let next = parts.next(); next.value !== undefined; next = parts.next()) yield next.value;
    input.own();
  }
  return {
    push: bytes => {
      input.add(bytes);
      return more();
    },
    end: () => {
      input.end();
      return more();
    },
  };
}

type Pax = Map<string, Buffer>;
/** Gives undefined to say that it needs more bytes. */
type Steps<T> = Generator<TarPart | undefined, T>;

function* readParts(input: ByteInput, { onRaw = () => {}, sparse = false }: TarReaderOptions): Steps<void> {
  let global: Pax = new Map();
  let pax: Pax = new Map();
  let extra = 0; // bytes that are held for the next entry
  for (;;) {
    while (input.length < tarBlock && !input.ended) yield undefined;
    const block = take(input, tarBlock);
    if (block === undefined) break;
    onRaw(block);
    const header = readTarHeader(block);
    if (header === undefined) break;
    if ('xLK'.includes(header.flag)) extra += header.size;
    if (extra > extraLimit || global.size > globalLimit) throw tooMuch();
    if (header.flag === 'x') pax = new Map([...pax, ...readPaxRecords(yield* body(input, header, onRaw))]);
    else if (header.flag === 'g')
      global = new Map([...global, ...readPaxRecords(yield* body(input, header, onRaw))]);
    else if (header.flag === 'L') pax.set('path', cutAtNul(yield* body(input, header, onRaw)));
    else if (header.flag === 'K') pax.set('linkpath', cutAtNul(yield* body(input, header, onRaw)));
    else if (header.flag === 'V')
      yield* body(input, header, onRaw); // a volume's name
    else {
      const known = global.size === 0 ? pax : new Map([...global, ...pax]);
      const isHoled = isSparse(header, known);
      if (isHoled && !sparse)
        throw badArchive('it has sparse files', 'make it again with tar, without --sparse');
      const plain = entryOf(header, known, isHoled);
      const entry = isHoled ? yield* readSparse(plain, { input, block, pax: known, onRaw }) : plain;
      if (pax.size > 0) pax = new Map();
      extra = 0;
      yield { entry };
      yield* content(input, entry.size, onRaw);
    }
  }
  if (pax.size > 0) throw badArchive('it ends after a header that has no file');
  for (;;) {
    if (input.length > 0) onRaw(input.some(input.length));
    if (input.ended) return;
    yield undefined;
  }
}

const types: Readonly<Record<string, TarType>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};

const extraLimit = 1024 * 1024;

/** Most records that hold for all entries that follow: honest archives have a comment. */
const globalLimit = 256;

function tooMuch() {
  return badArchive('headers for names and attributes are larger than 1 MiB');
}

function* body(input: ByteInput, { size }: RawHeader, onRaw: (bytes: Buffer) => void): Steps<Buffer> {
  if (size > extraLimit) throw tooMuch();
  if (size < 0) throw badArchive('it has a header of negative size');
  const length = size + tarPadding(size);
  while (input.length < length && !input.ended) yield undefined;
  const whole = take(input, length);
  if (whole === undefined && size > 0) throw badArchive('it breaks off in the middle');
  if (whole === undefined) return Buffer.alloc(0);
  onRaw(whole);
  return Buffer.from(whole.subarray(0, size)); // a copy: the piece it is part of may be large
}

/** The next bytes, which must be here; undefined at the end, before any. */
function take(input: ByteInput, length: number): Buffer | undefined {
  if (input.length >= length) return input.some(length);
  if (input.length === 0) return undefined;
  throw badArchive('it breaks off in the middle');
}

function cutAtNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

function entryOf(header: RawHeader, pax: Pax, isHoled: boolean): TarEntry {
  const type = types[header.flag];
  if (type === undefined || (header.flag === 'S' && !isHoled)) {
    throw badArchive(`it has an entry of unknown type "${header.flag}"`);
  }
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
    xattrs: pax.size === 0 ? [] : xattrsOf(pax),
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

function* content(input: ByteInput, size: number, onRaw: (bytes: Buffer) => void): Steps<void> {
  for (let left = size; left > 0; ) {
    while (input.length === 0 && !input.ended) yield undefined;
    const piece = input.some(left);
    if (piece.length === 0) throw badArchive('it breaks off in the middle');
    yield { content: piece };
    left -= piece.length;
  }
  const padding = tarPadding(size);
  if (padding === 0) return;
  while (input.length < padding && !input.ended) yield undefined;
  const filler = take(input, padding);
  if (filler === undefined) throw badArchive('it breaks off in the middle');
  onRaw(filler);
}
