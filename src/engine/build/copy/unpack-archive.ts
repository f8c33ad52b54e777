import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { isPlimsollError, PlimsollError } from '../../../errors.ts';
import { runOrThrow } from '../../kernel/index.ts';

/**
 * True if ADD would unpack the file: a tar, plain or compressed with gzip, bzip2, xz or zstd; told by its bytes,
 * never by its name.
 */
export function isArchive(file: string): boolean {
  const bytes = firstBytes(file, 512);
  const starts = (...wanted: number[]) => wanted.every((byte, index) => bytes[index] === byte);
  const compressed =
    starts(0x1f, 0x8b) ||
    starts(0x42, 0x5a, 0x68) ||
    starts(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00) ||
    starts(0x28, 0xb5, 0x2f, 0xfd);
  return compressed || bytes.subarray(257, 262).toString('latin1') === 'ustar';
}

/**
 * Unpacks an archive into a folder that must be empty and the caller's own: tar(1) refuses names and links that lead
 * out of it, and there is nothing in it yet that could. Returns false if it is compressed but no tar.
 */
export async function unpackArchive(file: string, folder: string, signal?: AbortSignal): Promise<boolean> {
  const args = ['--directory', folder, '--xattrs', '--xattrs-include=*', '--numeric-owner', '-xpf', file];
  try {
    await runOrThrow('tar', args, signal === undefined ? {} : { signal });
    return readdirSync(folder).length > 0; // tar(1) takes a few bytes that are no header for an empty archive
  } catch (error) {
    if (isPlimsollError(error) && /does not look like a tar archive/.test(String(error.data.stderr)))
      return false;
    throw isPlimsollError(error) && /Wrote only|No space left/.test(String(error.data.stderr))
      ? diskFull(error)
      : error;
  }
}

function diskFull(cause: unknown): PlimsollError {
  return new PlimsollError('resource-exhausted', 'the disk is full', {
    code: 'DISK_FULL',
    hint: "free some space, for instance with 'plimsoll image prune', and build again",
    cause,
  });
}

function firstBytes(file: string, length: number): Buffer {
  const opened = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, readSync(opened, buffer, 0, length, 0));
  } finally {
    closeSync(opened);
  }
}
