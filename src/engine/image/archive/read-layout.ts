import {
  choosePlatform,
  type Descriptor,
  digestHex,
  fitsPlatform,
  formatPlatform,
  type ImageIndex,
  type Manifest,
  manifestLimit,
  mediaTypes,
  type Platform,
  parseImageConfig,
  parseManifest,
  platformsOf,
} from '../../../oci/index.ts';
import { pairLayers, refuseOthers } from '../content/image-parts.ts';
import type { Bytes } from '../content/published.ts';
import { tagReference } from '../create-image.ts';
import { type ArchivedImage, findBlob, mismatch } from './archived-image.ts';
import { badArchive, type SpooledArchive } from './spool-archive.ts';

/** Which image of a list is meant. */
export interface PlatformChoice {
  readonly platform: Platform;
  /** It was asked for by name: no other will do. */
  readonly isStrict: boolean;
}

/** The images of an OCI layout, each with its names; see `ImageArchives.load`. */
export function readLayout(archive: SpooledArchive, choice: PlatformChoice): ArchivedImage[] {
  const top = parseManifest(archive.read('index.json', manifestLimit), mediaTypes.index);
  const images = new Map<string, ArchivedImage>();
  for (const descriptor of top.kind === 'index' ? chosenMembers(top.index, choice) : []) {
    const image = readMember(archive, descriptor, choice);
    const before = images.get(image.id)?.references ?? [];
    images.set(image.id, { ...image, references: [...new Set([...before, ...namesOf(descriptor)])] });
  }
  return [...images.values()];
}

/** The members that are images; of several with one name, or with none but a platform each, the one that is meant. */
function chosenMembers(index: ImageIndex, choice: PlatformChoice): Descriptor[] {
  const groups = Map.groupBy(index.manifests.filter(isImage), member => namesOf(member)[0] ?? '');
  return [...groups.values()].flatMap(members => {
    if (members.length === 1 || !members.every(member => member.platform !== undefined)) return members;
    return [choose({ ...index, manifests: members }, choice)];
  });
}

/** Not an attestation or another attachment. */
function isImage({ annotations, platform }: Descriptor): boolean {
  return annotations?.['vnd.docker.reference.type'] === undefined && platform?.os !== 'unknown';
}

function choose(index: ImageIndex, { platform, isStrict }: PlatformChoice): Descriptor {
  const images = index.manifests.filter(isImage);
  const found = choosePlatform({ ...index, manifests: images }, platform);
  if (found !== undefined) return found;
  const [only, ...more] = images;
  if (only !== undefined && more.length === 0 && !isStrict) return only;
  const there = platformsOf(index).join(', ') || 'nothing that runs anywhere';
  throw badArchive(`it has no image for ${formatPlatform(platform)}, but ${there}`);
}

function readMember(archive: SpooledArchive, descriptor: Descriptor, choice: PlatformChoice): ArchivedImage {
  let at = descriptor;
  for (let depth = 0; depth < 4; depth++) {
    const bytes = readBlob(archive, at);
    const document = parseManifest(bytes, at.mediaType);
    if (document.kind === 'image')
      return readImage(archive, document.manifest, { bytes, mediaType: at.mediaType }, choice);
    at = choose(document.index, choice);
  }
  throw badArchive('its lists of images lead to no image');
}

function readImage(
  archive: SpooledArchive,
  manifest: Manifest,
  bytes: Bytes,
  { platform, isStrict }: PlatformChoice,
): ArchivedImage {
  const id = manifest.config.digest;
  const name = digestHex(id).slice(0, 12);
  refuseOthers(manifest, name);
  const configBytes = readBlob(archive, manifest.config);
  const config = parseImageConfig(configBytes);
  if (isStrict && !fitsPlatform(config, platform)) {
    throw badArchive(`it has no image for ${formatPlatform(platform)}, but ${formatPlatform(config)}`);
  }
  const layers = pairLayers(manifest, config, name).map(({ blob, diffId }) => {
    const file = findBlob(archive, blob.digest);
    if (file.size !== blob.size) throw mismatch(`${blob.digest} of ${blob.size} bytes`, `${file.size} bytes`);
    return { blob, diffId, file };
  });
  return { id, configBytes, config, manifest: bytes, layers, references: [] };
}

function readBlob(archive: SpooledArchive, { digest }: Descriptor): Buffer {
  findBlob(archive, digest);
  return archive.read(`blobs/sha256/${digestHex(digest)}`, manifestLimit);
}

/** What the member is called. A bare tag, which OCI allows, names no repository: such an image has only its id. */
function namesOf({ annotations }: Descriptor): string[] {
  const whole = annotations?.['io.containerd.image.name'];
  const name = whole ?? annotations?.['org.opencontainers.image.ref.name'];
  if (name === undefined || (whole === undefined && !/[/:]/.test(name))) return [];
  return [tagReference(name)];
}
