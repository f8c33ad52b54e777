import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { cancelled, errnoOf, PlimsollError } from '../../errors.ts';
import { joined } from '../../lib/joined.ts';
import { readTar } from '../../lib/tar/index.ts';
import { type ChildProcess, commandError, start } from '../kernel/index.ts';
import { rewriteLayer } from './rewrite-layer.ts';

export interface UnpackOptions {
  /** An empty folder. */
  readonly folder: string;
  readonly opaqueXattr: string;
  readonly signal?: AbortSignal;
}

/**
 * Unpacks a layer's tar: Node reads and rewrites its headers, GNU tar makes the files, since Node has no mknod(2) and
 * no openat(2). After a failure the folder holds whatever there was time for. Throws `BAD_ARCHIVE`, `UNSAFE_ARCHIVE`,
 * `cancelled`, `resource-exhausted` for a full disk, or what the source throws.
 */
export async function unpackTar(source: Readable, options: UnpackOptions): Promise<void> {
  const { folder, opaqueXattr, signal } = options;
  if (signal?.aborted) throw cancelled('unpacking a layer');
  const args = ['--extract', '--file=-', `--directory=${folder}`, ...faithful];
  const child = start('tar', args, { stdio: ['pipe', 'ignore', 'pipe'] });
  const ended = exitOf(child);
  ended.catch(() => {}); // looked at below, after what may take long
  source.on('error', () => {}); // whoever reads it is told; nobody may be reading just now
  const stopped = Promise.withResolvers<unknown>(); // beside the reading, which may wait for bytes that never come
  const stop = () => {
    const reason = cancelled('unpacking a layer');
    stopped.resolve(reason);
    source.destroy(reason);
    child.kill('SIGKILL');
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const fed = feed(rewriteLayer(readTar(source), { opaqueXattr }), child);
    const failure = await Promise.race([fed, stopped.promise]);
    if (failure !== undefined) child.kill('SIGKILL');
    const { code, words } = await ended;
    if (signal?.aborted) throw cancelled('unpacking a layer');
    if (failure !== undefined) throw failure;
    if (code !== 0) throw tarError(words);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

const faithful = [
  '--preserve-permissions',
  '--same-owner',
  '--numeric-owner',
  '--xattrs',
  '--xattrs-include=*',
  '--delay-directory-restore', // times and attributes of folders last, whatever the order of entries
  '--no-wildcards',
];

/** Hands all bytes to the tool; returns the error of the source, not that the tool stopped listening. */
async function feed(bytes: AsyncIterable<Uint8Array>, child: ChildProcess): Promise<unknown> {
  try {
    await pipeline(Readable.from(joined(bytes), { objectMode: false }), child.stdin as Writable);
    return undefined;
  } catch (error) {
    const code = errnoOf(error);
    const deaf = code === 'EPIPE' || code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE';
    return deaf ? undefined : error; // its exit code and its words tell why
  }
}

function exitOf(child: ChildProcess): Promise<{ code: number | null; words: string }> {
  return new Promise((resolve, reject) => {
    let words = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      if (words.length < 4096) words += chunk.toString('utf8');
    });
    child.on('error', error => reject(commandError('tar', error)));
    child.on('close', code => resolve({ code, words: words.trim() }));
  });
}

function tarError(words: string): PlimsollError {
  const line = words.split('\n')[0] ?? '';
  if (/No space left|Disk quota exceeded/.test(words)) {
    return new PlimsollError('resource-exhausted', `the disk is full: ${line}`, {
      code: 'DISK_FULL',
      hint: "free space, for example with 'plimsoll image prune', and try again",
    });
  }
  return new PlimsollError('invalid-argument', `tar could not unpack the layer: ${line}`, {
    code: 'BAD_ARCHIVE',
    hint: 'nothing of it was kept: check the archive with tar -tvf',
    data: { words: words.slice(0, 2000) },
  });
}
