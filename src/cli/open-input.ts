import { once } from 'node:events';
import { createReadStream, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { cancelled, errnoOf, messageOf, PlimsollError } from '../errors.ts';
import type { Cli } from './cli.ts';

/** Bytes that a command reads, and how many there are if that is known. */
export interface Input {
  readonly bytes: Readable;
  readonly size?: number;
}

/**
 * Opens a file, or standard input for `undefined` and `-`, or a URL. Throws for a terminal, a missing file, a server
 * that refuses.
 */
export async function openInput(cli: Cli, source: string | undefined): Promise<Input> {
  if (source === undefined || source === '-') return { bytes: standardInput(cli) };
  if (/^https?:\/\//i.test(source)) return await download(source, cli.signal);
  return await openFile(resolve(cli.cwd, source), source);
}

function standardInput({ stdin }: Cli): Readable {
  if (stdin.isTTY !== true) return stdin;
  throw new PlimsollError('invalid-argument', 'an archive cannot be read from a terminal', {
    code: 'IS_A_TERMINAL',
    hint: 'name a file, or redirect one into the input',
  });
}

async function openFile(path: string, name: string): Promise<Input> {
  const bytes = createReadStream(path, { highWaterMark: 1024 * 1024 });
  try {
    await once(bytes, 'open');
    const stats = statSync(path);
    if (!stats.isDirectory()) return { bytes, ...(stats.isFile() ? { size: stats.size } : {}) };
  } catch (error) {
    throw unreadable(name, errnoOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error), error);
  }
  bytes.destroy();
  throw unreadable(name, 'it is a folder');
}

function unreadable(name: string, why: string, cause?: unknown): PlimsollError {
  return new PlimsollError('not-found', `"${name}" cannot be read: ${why}`, {
    code: 'FILE_NOT_READABLE',
    hint: 'check the path',
    cause,
  });
}

async function download(url: string, signal: AbortSignal): Promise<Input> {
  const response = await fetch(url, { signal }).catch((error: unknown) => {
    if (signal.aborted) throw cancelled('the download');
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw refused(url, messageOf(cause), cause);
  });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw refused(url, `the server says ${response.status}`);
  }
  const size = Number(response.headers.get('content-length') ?? Number.NaN);
  return { bytes: Readable.from(response.body), ...(Number.isSafeInteger(size) ? { size } : {}) };
}

function refused(url: string, why: string, cause?: unknown): PlimsollError {
  return new PlimsollError('unavailable', `"${url}" cannot be downloaded: ${why}`, {
    code: 'DOWNLOAD_FAILED',
    hint: 'check the address and the network',
    cause,
  });
}
