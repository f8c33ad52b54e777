import { createHash } from 'node:crypto';
import { familiarReference, type Reference } from '../../oci/index.ts';
import { discard } from './http/read-body.ts';
import { RegistryError } from './registry-error.ts';
import { pushScope } from './scopes.ts';
import type { Session } from './session.ts';
import type { TransferOptions } from './types.ts';

/** Puts a manifest or index in place, under a tag, or under its digest where the reference has one. Returns its digest. */
export async function pushManifest(
  session: Session,
  reference: Reference,
  { bytes, mediaType, signal, onRetry }: TransferOptions & { bytes: Uint8Array; mediaType: string },
): Promise<string> {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const name = familiarReference(reference);
  const answer = await session.call({
    method: 'PUT',
    path: `${reference.path}/manifests/${reference.tag ?? reference.digest ?? 'latest'}`,
    scopes: [pushScope(reference.path)],
    about: { what: 'push', name },
    expect: [200, 201, 202],
    headers: { 'content-type': mediaType },
    body: bytes,
    signal,
    onRetry,
  });
  discard(answer.body);
  const said = answer.headers['docker-content-digest'];
  if (typeof said !== 'string' || !said.startsWith('sha256:') || said === digest) return digest;
  throw new RegistryError(
    'data-loss',
    `${session.host} has kept another manifest for "${name}" than was pushed`,
    {
      code: 'DIGEST_MISMATCH',
      hint: 'push it again, or ask who runs the registry',
    },
  );
}
