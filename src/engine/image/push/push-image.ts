import { PlimsollError } from '../../../errors.ts';
import {
  canonicalJson,
  formatReference,
  type ImageIndex,
  mediaTypes,
  parsePlatform,
  parseReference,
  type Reference,
} from '../../../oci/index.ts';
import type { RegistryClient } from '../../registry/index.ts';
import { sha256 } from '../../store/index.ts';
import type { Bytes } from '../content/published.ts';
import type { ImageContext } from '../context.ts';
import { nameCandidates } from '../image-records.ts';
import { ofPlatform } from '../of-platform.ts';
import { recordDigest } from '../pull/record-image.ts';
import { resolveImage } from '../resolve-image.ts';
import type { PushedImage, PushRequest } from '../transfer-types.ts';
import { pushMembers, type SentImage, sendImage } from './send-image.ts';

/**
 * Store -> registry. What was pulled goes as it came, with the same digests; what was made here is packed now. Layers
 * first, then the config, then the manifest, so that a name never points at something that is not there.
 */
export async function pushImage(context: ImageContext, request: PushRequest): Promise<PushedImage> {
  const { records, registries } = context;
  const { name, platform, packing, signal, onProgress: tell = () => {} } = request;
  const named = resolveImage(records, name);
  const reference = destination(records.references(named.id), name);
  const image = platform === undefined ? named : ofPlatform(records, named, parsePlatform(platform));
  using client = await registries.client(request);
  const sent = await sendImage(context, { client, reference, image, packing, tell, signal });
  const { manifest } = sent;
  // Docker has it so: who asks for one platform gets its manifest alone, without an index and what is attested.
  const wanted = platform === undefined ? sent : { ...sent, others: [] };
  const top = await publish(client, reference, wanted, signal);
  const { domain, path } = reference;
  context.db.transaction(
    () => {
      for (const one of top.bytes === manifest.bytes ? [manifest] : [manifest, top]) {
        const digest = context.blobs.put(one.bytes, one.mediaType);
        const repository = `${domain}/${path}`;
        recordDigest(context, { repository, digest, id: image.id, mediaType: one.mediaType });
      }
    },
    { durable: true },
  );
  return { reference: formatReference(reference), digest: sha256(top.bytes), size: top.bytes.length };
}

/** The image alone under its name; with attestations an index of them all, as BuildKit publishes it. Returns what is there. */
async function publish(
  client: RegistryClient,
  reference: Reference,
  sent: SentImage,
  signal: AbortSignal | undefined,
): Promise<Bytes> {
  const { manifest } = sent;
  if (sent.others.length === 0) {
    await client.pushManifest(reference, manifest, { signal });
    return manifest;
  }
  const manifests = await pushMembers(client, reference, sent, signal);
  const index: ImageIndex = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
  const top = { bytes: canonicalJson(index), mediaType: mediaTypes.index };
  await client.pushManifest(reference, top, { signal });
  return top;
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
