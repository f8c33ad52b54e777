import { availableParallelism } from 'node:os';
import { Readable } from 'node:stream';
import { cancelled, errnoOf, PlimsollError } from '../../../errors.ts';
import { runTogether } from '../../../lib/run-together.ts';
import { createSlots } from '../../../lib/slots.ts';
import {
  canonicalJson,
  type Descriptor,
  familiarReference,
  formatReference,
  type Manifest,
  mediaTypes,
  parseReference,
  type Reference,
} from '../../../oci/index.ts';
import { type Bytes, exactManifest, keptBlob } from '../content/published.ts';
import type { ImageContext } from '../context.ts';
import { type ImageRecord, nameCandidates } from '../image-records.ts';
import { recordDigest } from '../pull/record-image.ts';
import { resolveImage } from '../resolve-image.ts';
import type { PushedImage, PushRequest } from '../transfer-types.ts';
import { pushLayer } from './push-layer.ts';

/**
 * Store -> registry. What was pulled goes as it came, with the same digests; what was made here is packed now. Layers
 * first, then the config, then the manifest, so that a name never points at something that is not there.
 */
export async function pushImage(context: ImageContext, request: PushRequest): Promise<PushedImage> {
  const { records, snapshots, registries, blobs } = context;
  const { name, signal, onProgress: tell = () => {} } = request;
  const image = resolveImage(records, name);
  const reference = destination(records.references(image.id), name);
  using client = await registries.client(request);
  using held = new DisposableStack();
  for (const diffId of image.layers) held.use(snapshots.hold(diffId));
  await using scratch = await snapshots.scratch();
  const exact = exactManifest(
    context,
    image,
    ({ digest }) => keptBlob(context, 'digest', digest) !== undefined,
  );
  const diffIds = [...new Set(image.layers)];
  const sizes = diffIds.map(diffId => ({ digest: diffId, size: snapshots.layer(diffId)?.tarBytes ?? 0 }));
  tell({ kind: 'began', name: familiarReference(reference), layers: sizes });
  const slots = createSlots(availableParallelism() + 1);
  const pushed = await runTogether(
    diffIds.map(diffId => async stop => {
      const work = { client, reference, diffId, tell, signal: stop, folder: scratch.path };
      return [diffId, await slots(() => pushLayer(context, work))] as const;
    }),
    signal,
  ).catch((error: unknown) => {
    throw signal?.aborted ? cancelled('the push') : full(error);
  });
  const layers = new Map(pushed);
  const configBytes = blobs.get(image.id);
  await client.pushBlob(reference, smallBlob(image.id, configBytes), { signal });
  const manifest = exact ?? madeManifest(image, layers, configBytes.length);
  const digest = await client.pushManifest(reference, manifest, { signal });
  const repository = `${reference.domain}/${reference.path}`;
  context.db.transaction(
    () => {
      blobs.put(manifest.bytes, manifest.mediaType);
      recordDigest(context, { repository, digest, id: image.id, mediaType: manifest.mediaType });
    },
    { durable: true },
  );
  return { reference: formatReference(reference), digest, size: manifest.bytes.length };
}

/** The very name that was meant: an image is pushed under one of its names, and the name says where to. */
function destination(references: readonly string[], name: string): Reference {
  const found = nameCandidates(name).find(candidate => references.includes(candidate));
  if (found === undefined) {
    throw new PlimsollError('invalid-argument', `"${name}" says of no registry where to push`, {
      code: 'BAD_REFERENCE',
      hint: `name it first: plimsoll tag ${name} registry.example/name`,
    });
  }
  const reference = parseReference(found);
  if (reference.domain !== 'localhost') return reference;
  throw new PlimsollError(
    'invalid-argument',
    `"${name}" is a name for this machine alone, not of a registry`,
    {
      code: 'BAD_REFERENCE',
      hint: `name it first: plimsoll tag ${name} registry.example/${reference.path}`,
    },
  );
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

function smallBlob(digest: string, bytes: Buffer) {
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
