import { familiarReference, type Reference } from '../../oci/index.ts';
import type { HttpAnswer, SendableBody } from './http/http-types.ts';
import { discard } from './http/read-body.ts';
import { isTemporary, RegistryError } from './registry-error.ts';
import { type RetryPolicy, withRetry } from './retry.ts';
import { pullScope, pushScope } from './scopes.ts';
import type { Call, Session } from './session.ts';
import type { PushableBlob, PushBlobOptions, TransferOptions } from './types.ts';

/** Asks whether a repository has a blob. */
export async function hasBlob(
  session: Session,
  reference: Reference,
  { digest, scope, signal, onRetry }: TransferOptions & { digest: string; scope: string },
): Promise<boolean> {
  const answer = await session.call({
    method: 'HEAD',
    path: `${reference.path}/blobs/${digest}`,
    scopes: [scope],
    about: { what: 'push', name: familiarReference(reference) },
    expect: [200, 404],
    signal,
    onRetry,
  });
  discard(answer.body);
  return answer.status === 200;
}

/**
 * Pushes a blob, unless it is there: asks first, then lets the registry take it from another of its repositories, then
 * sends it whole; after a broken connection only what has not arrived (distribution spec, "Pushing blobs").
 */
export async function pushBlob(
  session: Session,
  reference: Reference,
  { blob, policy, ...options }: PushBlobOptions & { blob: PushableBlob; policy: RetryPolicy },
): Promise<'present' | 'mounted' | 'pushed'> {
  const { signal, onRetry } = options;
  const scope = pushScope(reference.path);
  if (await hasBlob(session, reference, { digest: blob.digest, scope, signal, onRetry })) return 'present';
  const started = await startUpload(session, reference, blob, options);
  if (started === 'mounted') return 'mounted';
  let upload: Upload | undefined = started;
  let broken = false;
  await withRetry(
    async () => {
      // Asked only now, after a wait: the registry has then seen the break too.
      if (broken && upload !== undefined) upload = await askUpload(session, reference, upload, options);
      broken = false;
      const current: Upload = upload ?? (await openUpload(session, reference, options));
      upload = current;
      try {
        await sendBlob(session, reference, { blob, upload: current, ...options });
      } catch (error) {
        broken = isTemporary(error);
        if (!broken && current.offset > 0 && error instanceof RegistryError) {
          upload = undefined;
          throw forgotten(error); // it did not mean what it said of its offset: from the beginning
        }
        throw error;
      }
    },
    { policy, signal, onRetry },
  );
  return 'pushed';
}

function forgotten({ kind, message, code, hint = '' }: RegistryError): RegistryError {
  return new RegistryError(kind, message, { code, hint, temporary: true });
}

/** An upload that the registry has opened: where to send, and how much of it has arrived. */
interface Upload {
  readonly location: URL;
  readonly offset: number;
}

async function startUpload(
  session: Session,
  reference: Reference,
  { digest, alsoIn = [] }: PushableBlob,
  options: PushBlobOptions,
): Promise<Upload | 'mounted'> {
  for (const other of alsoIn.filter(path => path !== reference.path).slice(0, 3)) {
    const query = new URLSearchParams({ mount: digest, from: other });
    const scopes = [pushScope(reference.path), pullScope(other)];
    const answer = await session
      .call({ ...uploadCall(reference, options), path: `${reference.path}/blobs/uploads/?${query}`, scopes })
      .catch(() => undefined); // only an attempt: it may not be ours to read there
    if (answer === undefined) continue;
    discard(answer.body);
    if (answer.status === 201) return 'mounted';
    return locationOf(answer); // the registry would not, and has opened an upload instead
  }
  return await openUpload(session, reference, options);
}

async function openUpload(session: Session, reference: Reference, options: PushBlobOptions): Promise<Upload> {
  const answer = await session.call(uploadCall(reference, options));
  discard(answer.body);
  return locationOf(answer);
}

function uploadCall(reference: Reference, { signal, onRetry }: PushBlobOptions): Call {
  const { path } = reference;
  const about = { what: 'push', name: familiarReference(reference) } as const;
  return {
    method: 'POST',
    path: `${path}/blobs/uploads/`,
    scopes: [pushScope(path)],
    about,
    expect: [201, 202],
    signal,
    onRetry,
  };
}

interface SendRequest extends PushBlobOptions {
  readonly blob: PushableBlob;
  readonly upload: Upload;
}

/** Small ones in one piece. Others as a chunk (of what has not arrived) and then the end: registries keep a broken chunk. */
async function sendBlob(session: Session, reference: Reference, request: SendRequest): Promise<void> {
  const { blob, upload, signal } = request;
  const base = { ...uploadCall(reference, request), signal, retry: 'once' as const };
  if (upload.offset === 0 && blob.size <= smallBlob) {
    await put(session, { ...base, path: closing(upload.location, blob), body: bodyFrom(request, 0) });
    return;
  }
  let last = upload;
  if (upload.offset < blob.size) {
    // As docker does, without a range where it begins: that is what every registry is tried with.
    const range = upload.offset === 0 ? {} : { 'content-range': `${upload.offset}-${blob.size - 1}` };
    const headers = { 'content-type': 'application/octet-stream', ...range };
    const body = bodyFrom(request, upload.offset);
    const answer = await session.call({
      ...base,
      method: 'PATCH',
      path: upload.location,
      headers,
      body,
      expect: [202],
    });
    discard(answer.body);
    last = locationOf(answer, upload.location);
  }
  await put(session, { ...base, path: closing(last.location, blob) });
}

const smallBlob = 4 * 1024 * 1024;

async function put(session: Session, call: Call): Promise<void> {
  const headers = { 'content-type': 'application/octet-stream' };
  const body = call.body ?? Buffer.alloc(0);
  const answer = await session.call({ ...call, method: 'PUT', headers, body, expect: [201] });
  discard(answer.body);
}

function bodyFrom({ blob, onProgress }: SendRequest, from: number): SendableBody {
  return {
    length: blob.size - from,
    open: () => {
      const source = blob.open(from);
      let sent = from;
      source.on('data', (piece: Buffer) => {
        sent += piece.length;
        onProgress?.(sent);
      });
      return source.pause();
    },
  };
}

/** How much of an upload the registry has; undefined if it has forgotten it. */
async function askUpload(
  session: Session,
  reference: Reference,
  { location }: Upload,
  options: PushBlobOptions,
): Promise<Upload | undefined> {
  const call = { ...uploadCall(reference, options), method: 'GET', path: location, expect: [204] } as const;
  try {
    const answer = await session.call({ ...call, retry: 'once' });
    discard(answer.body);
    return locationOf(answer, location);
  } catch {
    return undefined; // it begins anew
  }
}

function closing(location: URL, { digest }: PushableBlob): URL {
  const url = new URL(location);
  url.searchParams.set('digest', digest);
  return url;
}

/** Where an upload goes on (the header may leave out the host), and what of it has arrived: `Range: 0-499`. */
function locationOf({ headers, url }: HttpAnswer, before?: URL): Upload {
  const location =
    headers.location === undefined ? before : (URL.parse(headers.location, url.href) ?? undefined);
  if (location === undefined) {
    throw new RegistryError('unavailable', `${url.host} does not say where to send the content`, {
      code: 'REGISTRY_FAILED',
      hint: 'ask who runs the registry',
    });
  }
  const end = /^(?:bytes=)?0-(\d+)$/.exec(String(headers.range ?? ''))?.[1];
  return { location, offset: end === undefined || end === '0' ? 0 : Number(end) + 1 };
}
