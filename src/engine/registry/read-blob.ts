import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { throwIfAborted } from '../../errors.ts';
import { type Descriptor, familiarReference, parseDigest, type Reference } from '../../oci/index.ts';
import type { HttpAnswer } from './http/http-types.ts';
import { bodyPieces, discard } from './http/read-body.ts';
import { RegistryError } from './registry-error.ts';
import { type RetryPolicy, waitAfter } from './retry.ts';
import { pullScope } from './scopes.ts';
import type { Session } from './session.ts';
import type { ReadBlobOptions } from './types.ts';

/** Reads a blob; see `RegistryClient.blob`. A try that brought some bytes does not count as one that failed. */
export async function* readBlob(
  session: Session,
  reference: Reference,
  {
    blob,
    policy,
    from = 0,
    hash = createHash(parseDigest(blob.digest).algorithm),
    signal,
    onRetry,
  }: ReadBlobRequest,
): AsyncGenerator<Buffer> {
  let offset = from;
  let held: Buffer | undefined; // until the next one, so that the last is only given out proven
  const isWhole = from === blob.size && from > 0; // then only its digest is still to be looked at
  for (let attempt = 1; !isWhole; ) {
    const before = offset;
    try {
      const answer = await request(session, reference, { blob, offset, signal });
      for await (const piece of rest(answer, { blob, offset, host: session.host })) {
        offset += piece.length;
        if (offset > blob.size) throw wrongLength(session.host, blob);
        hash.update(piece);
        if (held !== undefined) yield held;
        held = piece;
      }
      if (offset < blob.size) throw brokenOff(session.host);
      break;
    } catch (error) {
      throwIfAborted(signal, 'the download');
      attempt = offset > before ? 1 : attempt;
      const waitMs = waitAfter(error, attempt, policy);
      if (waitMs === undefined) throw error;
      attempt++;
      onRetry?.(error as RegistryError, waitMs);
      await sleep(waitMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
      throwIfAborted(signal, 'the download');
    }
  }
  const found = `${parseDigest(blob.digest).algorithm}:${hash.digest('hex')}`;
  if (found !== blob.digest) throw mismatch(session.host, reference, blob, found);
  if (held !== undefined) yield held;
}

export interface ReadBlobRequest extends ReadBlobOptions {
  readonly blob: Descriptor;
  readonly policy: RetryPolicy;
}

interface Place {
  readonly blob: Descriptor;
  readonly offset: number;
}

async function request(
  session: Session,
  reference: Reference,
  { blob, offset, signal }: Place & { readonly signal: AbortSignal | undefined },
): Promise<HttpAnswer> {
  const answer = await session.call({
    method: 'GET',
    path: `${reference.path}/blobs/${blob.digest}`,
    scopes: [pullScope(reference.path)],
    about: { what: 'blob', name: familiarReference(reference) },
    expect: [200, 206],
    headers: offset === 0 ? {} : { range: `bytes=${offset}-` },
    signal,
    retry: 'once',
  });
  const skipped = answer.status === 206 ? startOf(answer) : 0;
  const length = Number(answer.headers['content-length'] ?? Number.NaN);
  const isRight =
    skipped === (answer.status === 206 ? offset : 0) &&
    (Number.isNaN(length) || skipped + length === blob.size);
  if (isRight) return answer;
  discard(answer.body);
  throw wrongLength(session.host, blob);
}

/** Where a part begins: `bytes 500-999/1000`. */
function startOf({ headers }: HttpAnswer): number {
  return Number(/^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1] ?? Number.NaN);
}

/** The bytes from `offset` on, also of a server that knows no ranges and begins anew. */
async function* rest(answer: HttpAnswer, { offset }: Place & { host: string }): AsyncGenerator<Buffer> {
  let skip = answer.status === 206 ? 0 : offset;
  for await (const piece of bodyPieces(answer)) {
    if (skip >= piece.length) {
      skip -= piece.length;
      continue;
    }
    yield skip === 0 ? piece : piece.subarray(skip);
    skip = 0;
  }
}

function brokenOff(host: string): RegistryError {
  return new RegistryError('unavailable', `${host} broke off a download`, {
    code: 'REGISTRY_CONNECTION_LOST',
    hint: 'try again: what is here already is kept',
    temporary: true,
  });
}

function wrongLength(host: string, { digest, size }: Descriptor): RegistryError {
  return new RegistryError(
    'data-loss',
    `${host} serves ${digest} with another length than its manifest says`,
    {
      code: 'DIGEST_MISMATCH',
      hint: `nothing of it was kept: it must have ${size} bytes`,
    },
  );
}

function mismatch(host: string, reference: Reference, { digest }: Descriptor, found: string): RegistryError {
  const name = familiarReference(reference);
  return new RegistryError(
    'data-loss',
    `${host} served other content for a layer of "${name}" than its digest promises`,
    {
      code: 'DIGEST_MISMATCH',
      hint: `nothing of it was kept: ${digest} was asked for, ${found} came`,
    },
  );
}
