import { createWriteStream, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { errnoOf, PlimsollError } from '../errors.ts';
import type { Cli } from './cli.ts';

/**
 * Writes a stream into a file, which has its name only when it is complete. What is no regular file (a pipe, a device)
 * is written to as it stands.
 */
export async function writeWholeFile(cli: Cli, file: string, bytes: NodeJS.ReadableStream): Promise<void> {
  const path = resolve(cli.cwd, file);
  const { signal } = cli;
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) {
    await pipeline(bytes, createWriteStream(path), { signal });
    return;
  }
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await pipeline(bytes, createWriteStream(temporary, { flags: 'wx' }), { signal });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    if (errnoOf(error) !== 'ENOENT') throw error;
    throw new PlimsollError('not-found', `there is no folder "${dirname(path)}" to write into`, {
      code: 'OUTPUT_INVALID',
      hint: 'make it first, or choose another file',
      cause: error,
    });
  }
}
