import { closeSync, openSync, readSync } from 'node:fs';

/**
 * True if a file is an ELF program that runs without a dynamic loader: it has no PT_INTERP program header (elf(5)).
 * Little-endian files only, like every processor that images are made for.
 */
export function isStaticElf(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return false;
  }
  try {
    const header = readAt(file, 0, 64);
    if (header.length < 52 || header.toString('latin1', 0, 4) !== '\x7fELF') return false;
    const { offset, size, count } = programHeaders(header);
    const table = readAt(file, offset, size * count);
    for (let at = 0; at + 4 <= table.length; at += size)
      if (table.readUInt32LE(at) === PT_INTERP) return false;
    return table.length > 0;
  } finally {
    closeSync(file);
  }
}

const PT_INTERP = 3;

function programHeaders(header: Buffer): { offset: number; size: number; count: number } {
  const is64 = header[4] === 2;
  return is64
    ? {
        offset: Number(header.readBigUInt64LE(32)),
        size: header.readUInt16LE(54),
        count: header.readUInt16LE(56),
      }
    : { offset: header.readUInt32LE(28), size: header.readUInt16LE(42), count: header.readUInt16LE(44) };
}

function readAt(file: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, readSync(file, buffer, 0, length, position));
}
