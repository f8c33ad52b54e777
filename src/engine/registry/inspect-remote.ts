import { isPlimsollError, PlimsollError } from '../../errors.ts';
import {
  isConfigType,
  type Manifest,
  manifestLimit,
  type Platform,
  parseImageConfig,
  type Reference,
  remoteCandidates,
} from '../../oci/index.ts';
import type { RegistryClient, RemoteManifest, TransferOptions } from './types.ts';

/** What a name stands for, at the first of the registries in `search` that has it. Fetches no layer. */
export async function inspectRemote(
  client: RegistryClient,
  name: string,
  { search, ...transfer }: TransferOptions & { readonly search: readonly string[] },
): Promise<RemoteManifest> {
  let missing: unknown;
  for (const reference of remoteCandidates(name, search)) {
    try {
      return await describe(client, reference, transfer);
    } catch (error) {
      if (!isPlimsollError(error, 'not-found')) throw error;
      missing ??= error;
    }
  }
  throw (
    missing ??
    new PlimsollError('not-found', `there is no registry to look for "${name}" in`, {
      code: 'IMAGE_NOT_FOUND',
      hint: 'write the registry before it: registry.example/name',
    })
  );
}

async function describe(
  client: RegistryClient,
  reference: Reference,
  transfer: TransferOptions,
): Promise<RemoteManifest> {
  const { mediaType, digest, bytes, document } = await client.manifest(reference, transfer);
  const platforms =
    document.kind === 'index'
      ? document.index.manifests.flatMap(({ platform }) => platform ?? [])
      : await platformOf(client, reference, document.manifest, transfer);
  return { descriptor: { mediaType, digest, size: bytes.length }, platforms };
}

/** An image outside an index says in its config what it is for; an artifact is for nothing. */
async function platformOf(
  client: RegistryClient,
  reference: Reference,
  { config }: Manifest,
  transfer: TransferOptions,
): Promise<readonly Platform[]> {
  if (!isConfigType(config.mediaType) || config.size > manifestLimit) return [];
  const pieces: Buffer[] = [];
  for await (const piece of client.blob(reference, config, transfer)) pieces.push(piece);
  const { os, architecture, variant } = parseImageConfig(Buffer.concat(pieces));
  return [{ os, architecture, ...(variant === undefined ? {} : { variant }) }];
}
