import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { PlimsollError, throwIfAborted } from '../../../errors.ts';
import { joined } from '../../../lib/joined.ts';
import { tarEnd, tarPadding, writeTarHeader } from '../../../lib/tar/index.ts';
import { canonicalJson, type Descriptor, digestHex, mediaTypes } from '../../../oci/index.ts';
import { readPart } from '../../snapshot/index.ts';
import { sha256 } from '../../store/index.ts';
import type { SaveRequest } from '../archive-types.ts';
import type { LayerPart } from '../content/image-parts.ts';
import type { ImageContext } from '../context.ts';

import { chooseImages } from './choose-images.ts';
import { type PackedParts, packLayers } from './pack-layers.ts';
import { plainLayers, type SavedImage, savedImage } from './saved-image.ts';

/** Store -> archive; see `ImageArchives.save`. The layers are held while the stream lives. */
export async function saveImages(context: ImageContext, request: SaveRequest): Promise<Readable> {
  const { signal } = request;
  const held = new AsyncDisposableStack();
  try {
    const chosen = chooseImages(context.records, request.names, request.platform);
    const layers = [...new Set(chosen.flatMap(({ image }) => image.layers))];
    for (const diffId of layers) held.use(context.snapshots.hold(diffId));
    const packed = await packedAs(context, layers, request, held);
    const images = chosen.map(({ image, references }) => savedImage(context, image, { references, packed }));
    const members = membersOf({ context, packed }, images, request.format ?? 'both');
    const stream = Readable.from(joined(untilRead(tarOf(members, signal), held)), { objectMode: false });
    return stream.once('close', () => void held.disposeAsync()); // also if nobody has read of it
  } catch (error) {
    await held.disposeAsync();
    throw error;
  }
}

/** Packs layers where that is asked for, into a folder that goes with what is held. */
async function packedAs(
  context: ImageContext,
  layers: readonly string[],
  { packing, signal }: SaveRequest,
  held: AsyncDisposableStack,
): Promise<PackedParts | undefined> {
  if (packing === undefined) return undefined;
  const { path: folder } = held.use(await context.snapshots.scratch());
  return await packLayers(context, layers, { packing, folder, signal });
}

/** The same bytes; what they need is let go before the stream ends. */
async function* untilRead(
  bytes: AsyncIterable<Uint8Array>,
  needed: AsyncDisposableStack,
): AsyncGenerator<Uint8Array> {
  await using _ = needed;
  yield* bytes;
}

/** Where the bytes of layers are. */
interface Source {
  readonly context: ImageContext;
  readonly packed?: PackedParts | undefined;
}

/** A file of the archive: small bytes, or a layer that is read when its turn comes. */
interface Member {
  readonly name: string;
  readonly size: number;
  readonly open: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** What its bytes must hash to. */
  readonly digest?: string;
}

/** The lists first, so that a reader of the stream knows what is coming; each blob once. */
function membersOf(
  { context, packed }: Source,
  images: readonly SavedImage[],
  format: NonNullable<SaveRequest['format']>,
): Iterable<Member> {
  const members = new Map<string, Member>();
  const add = (member: Member) => members.set(member.name, member);
  if (format !== 'oci-archive')
    add(small('manifest.json', canonicalJson(dockerList(context, images, format))));
  if (format !== 'docker-archive') {
    add(small('oci-layout', canonicalJson({ imageLayoutVersion: '1.0.0' })));
    add(small('index.json', canonicalJson(layoutIndex(images))));
  }
  for (const image of images) {
    if (format === 'docker-archive') {
      add(small(oldConfigName(image), image.configBytes));
      for (const part of plainLayers(context, image)) add(layerMember({ context }, part, oldLayerName(part)));
      continue;
    }
    add(small(blobName(image.id), image.configBytes));
    for (const bytes of [image.manifest.bytes, image.top.bytes, ...paperOf(image)])
      add(small(blobName(sha256(bytes)), bytes));
    for (const part of image.layers) add(layerMember({ context, packed }, part, blobName(part.blob.digest)));
  }
  return members.values();
}

/** What is attested of an image: the manifest, its config, the statements. */
function paperOf({ attested }: SavedImage): readonly Uint8Array[] {
  return attested === undefined ? [] : [attested.bytes, ...attested.blobs];
}

/** Docker's `manifest.json`. */
function dockerList(context: ImageContext, images: readonly SavedImage[], format: string): unknown {
  const isOld = format === 'docker-archive';
  return images.map(image => ({
    Config: isOld ? oldConfigName(image) : blobName(image.id),
    RepoTags: image.references, // whole: podman would take a short name for one made here
    Layers: isOld
      ? plainLayers(context, image).map(oldLayerName)
      : image.layers.map(({ blob }) => blobName(blob.digest)),
  }));
}

/** The index of the OCI layout: one member for each name, as podman, skopeo and containerd look for them. */
function layoutIndex(images: readonly SavedImage[]): unknown {
  const manifests = images.flatMap(({ top, references }): Descriptor[] => {
    const { bytes, mediaType } = top;
    const descriptor = { mediaType, digest: sha256(bytes), size: bytes.length };
    if (references.length === 0) return [descriptor];
    return references.map(name => ({
      ...descriptor,
      annotations: { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name },
    }));
  });
  return { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
}

function blobName(digest: string): string {
  return `blobs/sha256/${digestHex(digest)}`;
}

function oldConfigName({ id }: SavedImage): string {
  return `${digestHex(id)}.json`;
}

function oldLayerName({ diffId }: LayerPart): string {
  return `${digestHex(diffId)}.tar`;
}

function small(name: string, bytes: Uint8Array): Member {
  return { name, size: bytes.length, open: () => [bytes] };
}

function layerMember({ context, packed }: Source, { blob, diffId }: LayerPart, name: string): Member {
  const { snapshots, blobs } = context;
  const { digest, size } = blob;
  const path = digest === diffId ? undefined : (packed?.get(diffId)?.path ?? blobs.path(digest));
  const open = () =>
    path === undefined ? snapshots.exportTar(diffId) : readPart({ path, offset: 0, length: size });
  return { name, size, open, digest };
}

async function* tarOf(
  members: Iterable<Member>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for (const member of members) {
    yield writeTarHeader({ ...plain, name: member.name, size: member.size });
    yield* proven(member, signal);
    yield new Uint8Array(tarPadding(member.size));
  }
  yield tarEnd;
}

/** Without times, so that equal images make equal archives. */
const plain = {
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 0,
  linkName: '',
  major: 0,
  minor: 0,
  xattrs: [],
} as const;

/** The bytes of a member; the stream breaks rather than end well with others than were promised. */
async function* proven(
  { open, size, digest }: Member,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let done = 0;
  for await (const piece of open()) {
    throwIfAborted(signal, 'saving the image');
    done += piece.length;
    if (done > size) break;
    if (digest !== undefined) hash.update(piece);
    yield piece;
  }
  if (done !== size || (digest !== undefined && digest !== `sha256:${hash.digest('hex')}`))
    throw damaged(digest);
}

function damaged(digest: string | undefined): PlimsollError {
  return new PlimsollError(
    'data-loss',
    `the layer ${digest ?? ''} is damaged, and the archive was given up`,
    {
      code: 'LAYER_DAMAGED',
      hint: "run 'plimsoll system check --deep' to see what else is, and make or pull the image again",
    },
  );
}
