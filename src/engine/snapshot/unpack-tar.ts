import type { Readable, Writable } from 'node:stream';
import { cancelled, errnoOf, PlimsollError } from '../../errors.ts';
import { tarReader } from '../../lib/tar/index.ts';
import { type ChildProcess, caller, commandError, start } from '../kernel/index.ts';
import { type LayerRecorder, type LayerRewriter, rewriteLayer } from './rewrite-layer.ts';

export interface UnpackOptions {
  /** An empty folder. */
  readonly folder: string;
  readonly opaqueXattr: string;
  /** Most bytes of all files. */
  readonly byteLimit?: number;
  readonly recorder?: LayerRecorder & { flush(): Promise<void> };
  /** Sees the archive as it comes, byte by byte. */
  readonly onBytes?: (bytes: Uint8Array) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Unpacks a layer's tar: Node reads and rewrites its headers, GNU tar makes the files, since Node has no mknod(2) and
 * no openat(2). Returns the bytes of its files. After a failure the folder holds whatever there was time for. Throws
 * `BAD_ARCHIVE`, `UNSAFE_ARCHIVE`, `cancelled`, `resource-exhausted` for a full disk, or what the source throws.
 */
export async function unpackTar(source: Readable, options: UnpackOptions): Promise<{ fileBytes: number }> {
  const { folder, signal, opaqueXattr, byteLimit, recorder } = options;
  if (signal?.aborted) throw cancelled('unpacking a layer');
  const owner = caller().oneUser ? '--no-same-owner' : '--same-owner'; // then all files are of the one there is
  const args = ['--extract', '--file=-', `--directory=${folder}`, owner, ...faithful];
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
  const rewriter = rewriteLayer({
    opaqueXattr,
    ...(byteLimit === undefined ? {} : { byteLimit }),
    ...(recorder === undefined ? {} : { recorder }),
  });
  try {
    const failure = await Promise.race([feed(source, rewriter, child, options), stopped.promise]);
    if (failure !== undefined) child.kill('SIGKILL');
    const { code, words } = await ended;
    if (signal?.aborted) throw cancelled('unpacking a layer');
    if (failure !== undefined) throw failure;
    if (code !== 0) throw tarError(words);
    return { fileBytes: rewriter.fileBytes() };
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

const faithful = [
  '--preserve-permissions',
  '--numeric-owner',
  '--xattrs',
  '--xattrs-include=*',
  '--delay-directory-restore', // times and attributes of folders last, whatever the order of entries
  '--no-wildcards',
];

/**
 * Hands the rewritten archive to the tool, a batch for each piece of the source: waiting for every small file would cost
 * more than all else. Returns the error of the source, not that the tool stopped listening.
 */
async function feed(
  source: Readable,
  rewriter: LayerRewriter,
  child: ChildProcess,
  { recorder, onBytes }: UnpackOptions,
): Promise<unknown> {
  const stdin = child.stdin as Writable;
  const sink = batchSink(stdin);
  const onRaw = recorder === undefined ? {} : { onRaw: (bytes: Uint8Array) => recorder.raw(bytes) };
  const reader = tarReader({ sparse: true, ...onRaw });
  try {
    for await (const bytes of source as AsyncIterable<Buffer>) {
      onBytes?.(bytes);
      const batch: Uint8Array[] = [];
      for (const part of reader.push(bytes)) batch.push(...rewriter.part(part));
      await recorder?.flush();
      await sink(batch);
    }
    const batch: Uint8Array[] = [];
    for (const part of reader.end()) batch.push(...rewriter.part(part));
    await recorder?.flush();
    await sink([...batch, ...rewriter.end()]);
    stdin.end();
    return undefined;
  } catch (error) {
    const code = errnoOf(error);
    const deaf = code === 'EPIPE' || code === 'ECONNRESET' || code === 'ERR_STREAM_DESTROYED';
    return deaf ? undefined : error; // its exit code and its words tell why
  }
}

/** Writes pieces in one go, and resolves when the stream has taken them. */
function batchSink(stream: Writable): (batch: readonly Uint8Array[]) => Promise<void> {
  stream.on('error', () => {}); // each write is told
  return async batch => {
    if (batch.length === 0) return;
    await new Promise<void>((resolve, reject) => {
      stream.cork();
      for (const piece of batch.slice(0, -1)) stream.write(piece);
      stream.write(batch.at(-1), error => (error ? reject(error) : resolve()));
      stream.uncork();
    });
  };
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
  if (/Cannot change ownership.*Invalid argument/.test(words)) {
    return new PlimsollError(
      'unavailable',
      `a layer has files of an owner that you cannot give them: ${line}`,
      {
        code: 'SUB_IDS_MISSING',
        hint: "you have too few sub-ids for this image: 'plimsoll doctor' says how to get more",
      },
    );
  }
  return new PlimsollError('invalid-argument', `tar could not unpack the layer: ${line}`, {
    code: 'BAD_ARCHIVE',
    hint: 'nothing of it was kept: check the archive with tar -tvf',
    data: { words: words.slice(0, 2000) },
  });
}
