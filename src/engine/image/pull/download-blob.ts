import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream, truncateSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errnoOf, isPlimsollError, PlimsollError } from '../../../errors.ts';
import { joined } from '../../../lib/joined.ts';
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
  const counted = async function* () {
    for await (const piece of pieces) {
      done += piece.length;
      say();
      yield piece;
    }
  };
  const file = createWriteStream(path, { flags: 'a', mode: 0o644 });
  await pipeline(Readable.from(joined(counted()), { objectMode: false }), file);
  return path;
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
