import { availableParallelism } from 'node:os';
import { Readable } from 'node:stream';
import { cancelled, errnoOf, PlimsollError } from '../../../errors.ts';
import { runTogether } from '../../../lib/run-together.ts';
import { createSlots } from '../../../lib/slots.ts';
import {
  canonicalJson,
  type Descriptor,
  familiarReference,
  type Manifest,
  mediaTypes,
  type Platform,
  type Reference,
} from '../../../oci/index.ts';
import type { RegistryClient } from '../../registry/index.ts';
import { sha256 } from '../../store/index.ts';
import { attestationManifest } from '../attestations/attestation-manifest.ts';
import { type Bytes, exactManifest, keptBlob } from '../content/published.ts';
import type { ImageContext } from '../context.ts';
import type { ImageRecord } from '../image-records.ts';
import type { LayerPacking, TransferProgress } from '../transfer-types.ts';
import { pushLayer } from './push-layer.ts';

export interface SendRequest {
  readonly client: RegistryClient;
  readonly reference: Reference;
  readonly image: ImageRecord;
  readonly packing?: LayerPacking | undefined;
  readonly tell: (event: TransferProgress) => void;
  readonly signal: AbortSignal | undefined;
}

/** An image of which a repository has everything but the manifests. */
export interface SentImage {
  readonly manifest: Bytes;
  readonly platform: Platform;
  /** Of what is attested of it, each with what an index says of it. */
  readonly others: readonly (Bytes & { readonly descriptor: Descriptor })[];
}

/** Sends the layers and the config of an image, and what is attested of it. The caller puts the manifests in place. */
export async function sendImage(context: ImageContext, request: SendRequest): Promise<SentImage> {
  const { snapshots, blobs, records } = context;
  const { client, reference, image, packing, tell, signal } = request;
  using held = new DisposableStack();
  for (const diffId of image.layers) held.use(snapshots.hold(diffId));
  await using scratch = await snapshots.scratch();
  const isKept = ({ digest }: Descriptor) => keptBlob(context, 'digest', digest) !== undefined;
  const exact = packing?.force ? undefined : exactManifest(context, image, isKept);
  const diffIds = [...new Set(image.layers)];
  const sizes = diffIds.map(diffId => ({ digest: diffId, size: snapshots.layer(diffId)?.tarBytes ?? 0 }));
  tell({ kind: 'began', name: familiarReference(reference), layers: sizes });
  const slots = createSlots(availableParallelism() + 1);
  const pushed = await runTogether(
    diffIds.map(diffId => async stop => {
      const work = { client, reference, diffId, packing, tell, signal: stop, folder: scratch.path };
      return [diffId, await slots(() => pushLayer(context, work))] as const;
    }),
    signal,
  ).catch((error: unknown) => {
    throw signal?.aborted ? cancelled('the push') : full(error);
  });
  const configBytes = blobs.get(image.id);
  await client.pushBlob(reference, smallBlob(image.id, configBytes), { signal });
  const manifest = exact ?? madeManifest(image, new Map(pushed), configBytes.length);
  const { os, architecture, variant } = records.config(image.id);
  const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
  const attested = attestationManifest(context, image.id, {
    ...{ platform, name: familiarReference(reference) },
    subject: sha256(manifest.bytes),
  });
  for (const blob of attested?.blobs ?? [])
    await client.pushBlob(reference, smallBlob(sha256(blob), blob), { signal });
  return { manifest, platform, others: attested === undefined ? [] : [attested] };
}

/** Puts the manifests of an image that was sent in place, by their digests. Returns what an index says of them. */
export async function pushMembers(
  client: RegistryClient,
  { domain, path }: Reference,
  { manifest, others, platform }: SentImage,
  signal: AbortSignal | undefined,
): Promise<Descriptor[]> {
  for (const one of [manifest, ...others])
    await client.pushManifest({ domain, path, digest: sha256(one.bytes) }, one, { signal });
  const { bytes, mediaType } = manifest;
  const own = { mediaType, digest: sha256(bytes), size: bytes.length };
  return [{ ...own, platform }, ...others.map(({ descriptor }) => descriptor)];
}

function madeManifest(
  image: ImageRecord,
  layers: ReadonlyMap<string, Descriptor>,
  configSize: number,
): Bytes {
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest: image.id, size: configSize },
    layers: image.layers.flatMap(diffId => layers.get(diffId) ?? []),
  };
  return { bytes: canonicalJson(manifest), mediaType: mediaTypes.manifest };
}

function smallBlob(digest: string, bytes: Uint8Array) {
  return { digest, size: bytes.length, open: (from: number) => Readable.from([bytes.subarray(from)]) };
}

function full(error: unknown): unknown {
  if (errnoOf(error) !== 'ENOSPC' && errnoOf(error) !== 'EDQUOT') return error;
  return new PlimsollError('resource-exhausted', 'the disk is too full to pack the layers', {
    code: 'DISK_FULL',
    hint: "nothing was left: free space, for example with 'plimsoll image prune', and push again",
    cause: error,
  });
}
