import { badArchive } from './bad-archive.ts';
import { tarBlock } from './entry.ts';

/** A header block as it stands, before what pax or GNU headers say about it. Text is bytes as latin1. */
export interface RawHeader {
  readonly name: string;
  readonly flag: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly linkName: string;
  readonly major: number;
  readonly minor: number;
}

/** Reads one header block (V7, ustar, GNU); undefined for the zero block that ends a tar. Throws `BAD_ARCHIVE`. */
export function readTarHeader(block: Buffer): RawHeader | undefined {
  if (block.every(byte => byte === 0)) return undefined;
  refuseCompressed(block);
  if (!hasChecksum(block))
    throw badArchive('a header has the wrong checksum', 'check that it is a tar archive');
  const posix = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = posix ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    flag: block.toString('latin1', 156, 157),
    mode: readTarNumber(block, 100, 8),
    uid: readTarNumber(block, 108, 8),
    gid: readTarNumber(block, 116, 8),
    size: readTarNumber(block, 124, 12),
    mtime: readTarNumber(block, 136, 12),
    linkName: text(block, 157, 100),
    major: block[257] === 0 ? 0 : readTarNumber(block, 329, 8),
    minor: block[257] === 0 ? 0 : readTarNumber(block, 337, 8),
  };
}

function refuseCompressed(block: Buffer): void {
  const magic = block.toString('hex', 0, 4);
  const how = Object.entries(magics).find(([start]) => magic.startsWith(start))?.[1];
  if (how !== undefined && !hasChecksum(block)) {
    throw badArchive(`it is compressed with ${how}`, `unpack it first with ${how} -d`);
  }
}

const magics: Readonly<Record<string, string>> = {
  '1f8b': 'gzip',
  '28b52ffd': 'zstd',
  fd377a58: 'xz',
  '425a68': 'bzip2',
};

/** The sum of all bytes, the checksum field taken as spaces; some old programs summed signed bytes. */
function hasChecksum(block: Buffer): boolean {
  let unsigned = 0;
  let signed = 0;
  for (let index = 0; index < tarBlock; index++) {
    const byte = index >= 148 && index < 156 ? 0x20 : (block[index] ?? 0);
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  const wanted = Number.parseInt(text(block, 148, 8).trim(), 8);
  return wanted === unsigned || wanted === signed;
}

function text(block: Buffer, offset: number, width: number): string {
  const field = block.toString('latin1', offset, offset + width);
  const end = field.indexOf('\0');
  return end < 0 ? field : field.slice(0, end);
}

/** Octal digits, or GNU's base 256: the first bit set, then a big-endian number in two's complement. */
export function readTarNumber(block: Buffer, offset: number, width: number): number {
  const first = block[offset] ?? 0;
  if ((first & 0x80) !== 0) return base256(block.subarray(offset, offset + width));
  const digits = text(block, offset, width).trim();
  if (digits === '') return 0;
  if (!/^[0-7]+$/.test(digits)) throw badArchive('a header has a field that is not a number');
  return Number.parseInt(digits, 8);
}

function base256(field: Buffer): number {
  const negative = ((field[0] ?? 0) & 0x40) !== 0;
  let value = BigInt((field[0] ?? 0) & 0x7f);
  for (const byte of field.subarray(1)) value = value * 256n + BigInt(byte);
  if (negative) value -= 1n << BigInt(8 * field.length - 1);
  const result = Number(value);
  if (!Number.isSafeInteger(result)) throw badArchive('a header has a number that is too large');
  return result;
}
