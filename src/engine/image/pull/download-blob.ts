import { createHash, type Hash } from 'node:crypto';
import { createReadStream, truncateSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { errnoOf, isPlimsollError, PlimsollError } from '../../../errors.ts';
import { releaseBytes } from '../../../lib/release-bytes.ts';
import type { Descriptor, Reference } from '../../../oci/index.ts';
import type { RegistryClient } from '../../registry/index.ts';
import type { Download, Downloads } from '../../store/index.ts';
import type { TransferProgress } from '../transfer-types.ts';

export interface DownloadRequest {
  readonly client: RegistryClient;
  readonly reference: Reference;
  readonly blob: Descriptor;
  readonly tell: (event: TransferProgress) => void;
  readonly signal: AbortSignal;
}

/**
 * Downloads a blob into its file, going on where an earlier download stopped, and proves the whole. Returns the file. An
 * interruption leaves what is here for the next time; a full disk or a wrong digest leaves nothing.
 */
export async function downloadBlob(downloads: Downloads, request: DownloadRequest): Promise<string> {
  const { reference, blob } = request;
  const repository = `${reference.domain}/${reference.path}`;
  const begun = downloads.begin({ digest: blob.digest, size: blob.size, repository });
  try {
    return await goOn(begun, request);
  } catch (error) {
    if (isFull(error)) downloads.forget(blob.digest);
    if (!isPlimsollError(error, 'data-loss')) throw isFull(error) ? diskFull(error) : error;
    downloads.forget(blob.digest);
    if (begun.bytes === 0) throw error;
  }
  // What was here may have been spoilt, by a power cut for instance: once more, from the beginning.
  return await goOn(downloads.begin({ digest: blob.digest, size: blob.size, repository }), request);
}

async function goOn({ path, bytes }: Download, { client, reference, blob, tell, signal }: DownloadRequest) {
  const { digest, size } = blob;
  const from = bytes <= size ? bytes : 0;
  if (from < bytes) truncateSync(path, 0);
  const hash = await hashOf(path, from, signal);
  let done = from;
  const say = spacedOut(() => tell({ kind: 'layer', digest, state: 'downloading', bytes: done }));
  say();
  const pieces = client.blob(reference, blob, {
    from,
    hash,
    signal,
    onRetry: error => tell({ kind: 'layer', digest, state: 'retrying', note: error.message }),
  });
  await using file = await open(path, 'a', 0o644);
  await append(file, pieces, bytes => {
    done += bytes;
    say();
  });
  return path;
}

/** Writes pieces at the end of a file, many in a call where they come fast, while the next ones come. */
async function append(
  file: FileHandle,
  pieces: AsyncIterable<Buffer>,
  onBytes: (count: number) => void,
): Promise<void> {
  let batch: Buffer[] = [];
  let size = 0;
  let writing: Promise<void> = Promise.resolve();
  let last = Number.NEGATIVE_INFINITY;
  const write = async () => {
    last = performance.now();
    await writing;
    writing = writeAll(file, batch, size);
    writing.catch(() => {}); // looked at before the next one, or in the end
    [batch, size] = [[], 0];
  };
  try {
    for await (const piece of pieces) {
      batch.push(piece);
      size += piece.length;
      onBytes(piece.length);
      if (size >= batchSize || performance.now() - last > 100) await write();
    }
  } finally {
    if (size > 0) await write(); // also what came before an interruption
    await writing;
  }
}

const batchSize = 512 * 1024;

/** writev(2) may take less than it is given, when the disk is nearly full. */
async function writeAll(file: FileHandle, pieces: readonly Buffer[], size: number): Promise<void> {
  const { bytesWritten } = await file.writev(pieces);
  if (bytesWritten < size) await file.writeFile(Buffer.concat(pieces).subarray(bytesWritten));
  for (const piece of pieces) releaseBytes(piece);
}

/** The hash of what is here already. */
async function hashOf(path: string, bytes: number, signal: AbortSignal): Promise<Hash> {
  const hash = createHash('sha256');
  if (bytes > 0) {
    const source = createReadStream(path, { end: bytes - 1, highWaterMark: 1024 * 1024, signal });
    for await (const piece of source as AsyncIterable<Buffer>) hash.update(piece);
  }
  return hash;
}

/** At most ten times a second: whoever draws it cannot draw more. */
function spacedOut(action: () => void): () => void {
  let last = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - last < 100) return;
    last = now;
    action();
  };
}

function isFull(error: unknown): boolean {
  return (
    errnoOf(error) === 'ENOSPC' || errnoOf(error) === 'EDQUOT' || isPlimsollError(error, 'resource-exhausted')
  );
}

function diskFull(cause: unknown): PlimsollError {
  if (isPlimsollError(cause, 'resource-exhausted')) return cause;
  return new PlimsollError('resource-exhausted', 'the disk is full, and the download was given up', {
    code: 'DISK_FULL',
    hint: "nothing of it was kept: free space, for example with 'plimsoll system prune', and pull again",
    cause,
  });
}
