import { Readable } from 'node:stream';
import { PlimsollError } from '../../../errors.ts';
import {
  canonicalJson,
  type Descriptor,
  dockerMediaTypes,
  formatReference,
  type ImageIndex,
  mediaTypes,
  parseReference,
  type Reference,
  withDefaultTag,
} from '../../../oci/index.ts';
import type { RegistryClient } from '../../registry/index.ts';
import type { ImageContext } from '../context.ts';
import { pushMembers, sendImage } from '../push/send-image.ts';
import type { ManifestList, ManifestMember, PushManifestRequest } from './types.ts';

/** Store and registries -> registry: every member, then the index that names them. */
export async function pushList(
  context: ImageContext,
  list: ManifestList,
  request: PushManifestRequest,
): Promise<{ reference: string; digest: string; size: number }> {
  const { signal } = request;
  if (list.members.length === 0) throw empty(list.name);
  const reference = withDefaultTag(
    parseReference((request.destination ?? list.name).replace(/^docker:\/\//, '')),
  );
  using client = await context.registries.client(request);
  const manifests: Descriptor[] = [];
  for (const member of list.members)
    manifests.push(...(await send(context, client, reference, member, request)));
  const isDocker = manifests.every(({ mediaType }) => mediaType === dockerMediaTypes.manifest);
  const mediaType = isDocker ? dockerMediaTypes.index : mediaTypes.index;
  const { annotations } = list;
  const noted = annotations === undefined || isDocker ? {} : { annotations };
  const index: ImageIndex = { schemaVersion: 2, mediaType, manifests, ...noted };
  const bytes = canonicalJson(index);
  const digest = await client.pushManifest(reference, { bytes, mediaType }, { signal });
  return { reference: formatReference(reference), digest, size: bytes.length };
}

async function send(
  context: ImageContext,
  client: RegistryClient,
  reference: Reference,
  member: ManifestMember,
  { signal, onProgress: tell = () => {} }: PushManifestRequest,
): Promise<Descriptor[]> {
  const { platform, annotations } = member;
  const noted = annotations === undefined ? {} : { annotations };
  if (member.remote !== undefined) {
    const { descriptor, repository } = member.remote;
    await copyManifest(client, sourceOf(repository, descriptor.digest), reference, signal);
    return [{ ...descriptor, ...noted, platform }];
  }
  const image = context.records.get(member.image ?? '');
  if (image === undefined) throw gone(member);
  const sent = await sendImage(context, { client, reference, image, tell, signal });
  const [own, ...others] = await pushMembers(client, reference, sent, signal);
  return own === undefined ? [] : [{ ...own, ...noted, platform }, ...others];
}

function sourceOf(repository: string, digest: string): Reference {
  const slash = repository.indexOf('/');
  return { domain: repository.slice(0, slash), path: repository.slice(slash + 1), digest };
}

/** Makes sure that a repository has what another one has under a digest: its blobs, then the manifest. */
async function copyManifest(
  client: RegistryClient,
  from: Reference,
  { domain, path }: Reference,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (from.domain === domain && from.path === path) return;
  const { bytes, mediaType, digest, document } = await client.manifest(from, { signal });
  const to = { domain, path, digest };
  if (document.kind === 'index') {
    for (const { digest: inner } of document.index.manifests)
      await copyManifest(client, { ...from, digest: inner }, to, signal);
  } else {
    for (const blob of [document.manifest.config, ...document.manifest.layers]) {
      const alsoIn = from.domain === domain ? [from.path] : [];
      const open = (start: number) => Readable.from(skipped(client.blob(from, blob, { signal }), start));
      await client.pushBlob(to, { digest: blob.digest, size: blob.size, open, alsoIn }, { signal });
    }
  }
  await client.pushManifest(to, { bytes, mediaType }, { signal });
}

async function* skipped(pieces: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  for await (const piece of pieces) {
    if (piece.length > left) yield left === 0 ? piece : piece.subarray(left);
    left = Math.max(0, left - piece.length);
  }
}

function empty(name: string): PlimsollError {
  return new PlimsollError('conflict', `the manifest list "${name}" has no images`, {
    code: 'MANIFEST_EMPTY',
    hint: `add some with 'plimsoll manifest add ${name} IMAGE'`,
  });
}

function gone({ name }: ManifestMember): PlimsollError {
  return new PlimsollError('not-found', `the image "${name}" of the manifest list is not here any more`, {
    code: 'IMAGE_NOT_FOUND',
    hint: 'make or pull it again, and add it',
  });
}
