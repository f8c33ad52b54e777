import { createHash } from 'node:crypto';
import {
  acceptedManifests,
  familiarReference,
  manifestLimit,
  parseDigest,
  parseManifest,
  type Reference,
} from '../../oci/index.ts';
import { readBody } from './http/read-body.ts';
import { RegistryError } from './registry-error.ts';
import { pullScope } from './scopes.ts';
import type { Session } from './session.ts';
import type { FetchedManifest, TransferOptions } from './types.ts';

/** Fetches and proves the manifest of a reference with a tag or a digest; the digest counts if it has both. */
export async function fetchManifest(
  session: Session,
  reference: Reference,
  { signal, onRetry }: TransferOptions,
): Promise<FetchedManifest> {
  const { path, digest: wanted } = reference;
  const name = familiarReference(reference);
  const answer = await session.call({
    method: 'GET',
    path: `${path}/manifests/${wanted ?? reference.tag ?? 'latest'}`,
    scopes: [pullScope(path)],
    about: { what: 'manifest', name },
    expect: [200],
    headers: { accept: acceptedManifests.join(', ') },
    signal,
    onRetry,
  });
  const bytes = await readBody(answer, manifestLimit);
  const said = answer.headers['docker-content-digest'];
  const claim = wanted ?? (typeof said === 'string' ? said : undefined);
  const digest =
    claim === undefined ? digestOf('sha256', bytes) : digestOf(parseDigest(claim).algorithm, bytes);
  if (claim !== undefined && claim !== digest) throw mismatch(session.host, name, claim, digest);
  const mediaType = mediaTypeOf(answer.headers['content-type'], bytes);
  return { bytes, mediaType, digest, document: parseManifest(bytes, mediaType) };
}

/** The header says what it is; some plain file servers know no better than JSON, then the document itself does. */
function mediaTypeOf(header: string | undefined, bytes: Buffer): string {
  const type = header?.split(';')[0]?.trim() ?? '';
  if (type !== '' && type !== 'application/json' && !type.startsWith('text/')) return type;
  try {
    const { mediaType } = JSON.parse(bytes.toString('utf8')) as { mediaType?: unknown };
    return typeof mediaType === 'string' ? mediaType : type;
  } catch {
    return type;
  }
}

function digestOf(algorithm: 'sha256' | 'sha512', bytes: Buffer): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

function mismatch(host: string, name: string, wanted: string, found: string): RegistryError {
  return new RegistryError(
    'data-loss',
    `${host} served another manifest for "${name}" than its digest promises`,
    {
      code: 'DIGEST_MISMATCH',
      hint: `nothing of it was kept: ${wanted} was asked for, ${found} came`,
    },
  );
}
