import type { ByteInput } from '../byte-input.ts';
import { badArchive } from './bad-archive.ts';
import { type TarEntry, tarBlock } from './entry.ts';
import { type RawHeader, readTarNumber } from './read-header.ts';

/** A piece of a sparse file: where it stands, and how long it is. All else are holes. */
export interface SparsePiece {
  readonly offset: number;
  readonly length: number;
}

/** True for a file that is stored without its holes (GNU tar, "Storing Sparse Files"). */
export function isSparse({ flag }: RawHeader, pax: ReadonlyMap<string, Buffer>): boolean {
  return flag === 'S' || ['GNU.sparse.map', 'GNU.sparse.major', 'GNU.sparse.size'].some(key => pax.has(key));
}

export interface SparseSource {
  readonly input: ByteInput;
  /** The header block. */
  readonly block: Buffer;
  readonly pax: ReadonlyMap<string, Buffer>;
  readonly onRaw: (bytes: Buffer) => void;
}

/** Reads the map of pieces, wherever a format keeps it: in the header and after it, in pax records, before the content. */
export function* readSparse(entry: TarEntry, source: SparseSource): Generator<undefined, TarEntry> {
  const { pax } = source;
  if (entry.type !== 'file') throw badMap();
  if (pax.has('GNU.sparse.major')) return yield* readVersion1(entry, source);
  if (pax.has('GNU.sparse.map')) {
    const pieces = toPieces((pax.get('GNU.sparse.map')?.toString('latin1') ?? '').split(',').map(toNumber));
    return sparseEntry(named(entry, pax), pieces, entry.size, toNumber(recordOf(pax, 'GNU.sparse.size')));
  }
  if (pax.has('GNU.sparse.size'))
    throw badArchive('it has sparse files of the format 0.0', 'make it again with a newer tar');
  return yield* readOld(entry, source);
}

const mostPieces = 1_000_000;

/** GNU tar before pax: four pieces in the header, 21 in each block after it. */
function* readOld(entry: TarEntry, { input, block, onRaw }: SparseSource): Generator<undefined, TarEntry> {
  const numbers: number[] = [];
  const realSize = readTarNumber(block, 483, 12);
  const collect = (from: Buffer, start: number, count: number) => {
    for (let at = start; at < start + count * 24; at += 24) {
      if (from[at] === 0) break;
      numbers.push(readTarNumber(from, at, 12), readTarNumber(from, at + 12, 12));
    }
  };
  collect(block, 386, 4);
  for (let goesOn = block[482] === 1; goesOn; ) {
    while (input.length < tarBlock && !input.ended) yield undefined;
    const next = input.length < tarBlock ? undefined : input.some(tarBlock);
    if (next === undefined || numbers.length > 2 * mostPieces) throw badMap();
    onRaw(next);
    collect(next, 0, 21);
    goesOn = next[504] === 1;
  }
  return sparseEntry(entry, toPieces(numbers), entry.size, realSize);
}

/** Version 1.0: decimal lines before the content, filled up to a block: how many pieces, then each one. */
function* readVersion1(entry: TarEntry, { input, pax, onRaw }: SparseSource): Generator<undefined, TarEntry> {
  if (recordOf(pax, 'GNU.sparse.major') !== '1' || recordOf(pax, 'GNU.sparse.minor') !== '0') throw badMap();
  const numbers: number[] = [];
  let rest = '';
  let read = 0;
  for (let wanted = 1; numbers.length < wanted; ) {
    while (input.length < tarBlock && !input.ended) yield undefined;
    const block = input.length < tarBlock ? undefined : input.some(tarBlock);
    if (block === undefined || read + tarBlock > entry.size) throw badMap();
    onRaw(block);
    read += tarBlock;
    const lines = (rest + block.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    numbers.push(...lines.map(toNumber).slice(0, wanted === 1 ? lines.length : wanted - numbers.length));
    const count = numbers[0] ?? 0;
    if (count > mostPieces || (rest.length > 32 && numbers.length < 1 + 2 * count)) throw badMap();
    wanted = 1 + 2 * count;
  }
  const [count = 0, ...others] = numbers;
  const pieces = toPieces(others.slice(0, 2 * count));
  return sparseEntry(
    named(entry, pax),
    pieces,
    entry.size - read,
    toNumber(recordOf(pax, 'GNU.sparse.realsize')),
  );
}

function sparseEntry(
  entry: TarEntry,
  pieces: readonly SparsePiece[],
  size: number,
  realSize: number,
): TarEntry {
  let end = 0;
  for (const { offset, length } of pieces) {
    if (offset < end || length < 0 || !Number.isSafeInteger(offset + length)) throw badMap();
    end = offset + length;
  }
  const stored = pieces.reduce((sum, { length }) => sum + length, 0);
  if (stored !== size || end > realSize) throw badMap();
  return { ...entry, size, sparse: { size: realSize, pieces } };
}

/** The name in the header is one for readers that know no sparse files. */
function named(entry: TarEntry, pax: ReadonlyMap<string, Buffer>): TarEntry {
  const name = pax.get('GNU.sparse.name')?.toString('latin1');
  return name === undefined ? entry : { ...entry, name: name.replace(/\/+$/, '') };
}

function recordOf(pax: ReadonlyMap<string, Buffer>, key: string): string {
  return pax.get(key)?.toString('latin1') ?? '';
}

function toPieces(numbers: readonly number[]): SparsePiece[] {
  if (numbers.length % 2 !== 0) throw badMap();
  return numbers.flatMap((offset, index) =>
    index % 2 === 0 ? [{ offset, length: numbers[index + 1] ?? 0 }] : [],
  );
}

function toNumber(text: string): number {
  const value = Number(text);
  if (!/^[0-9]{1,16}$/.test(text) || !Number.isSafeInteger(value)) throw badMap();
  return value;
}

function badMap() {
  return badArchive('the map of a sparse file in it is damaged');
}
