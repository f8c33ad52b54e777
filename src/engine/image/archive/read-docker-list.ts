import {
  canonicalJson,
  type Descriptor,
  fitsPlatform,
  formatPlatform,
  imageManifest,
  type JsonReader,
  manifestLimit,
  mediaTypes,
  parseImageConfig,
  readJson,
} from '../../../oci/index.ts';
import { compressionOf } from '../../snapshot/index.ts';
import { sha256 } from '../../store/index.ts';
import { badImage } from '../content/image-parts.ts';
import { tagReference } from '../create-image.ts';
import { type ArchivedImage, type ArchivedLayer, mismatch } from './archived-image.ts';
import type { PlatformChoice } from './read-layout.ts';
import { badArchive, type SpooledArchive, type SpooledFile } from './spool-archive.ts';

/** What Docker's `manifest.json` says of an image. */
export interface DockerListEntry {
  readonly config: string;
  /** Full references. */
  readonly references: readonly string[];
  readonly layers: readonly string[];
}

/** Reads `manifest.json`. Throws `data-loss` (`BAD_DOCUMENT`), `BAD_REFERENCE`. */
export function readDockerList(archive: SpooledArchive): DockerListEntry[] {
  const bytes = archive.read('manifest.json', manifestLimit);
  const list = readJson(Buffer.concat([Buffer.from('{"images":'), bytes, Buffer.from('}')]), 'manifest.json');
  return (list.objects('images') ?? []).map(readEntry);
}

function readEntry(json: JsonReader): DockerListEntry {
  return {
    config: json.text('Config') ?? '',
    references: [...new Set((json.texts('RepoTags') ?? []).map(tagReference))],
    layers: json.texts('Layers') ?? [],
  };
}

/** The images of a Docker archive; see `ImageArchives.load`. Their manifests are ours: such an archive has none. */
export async function readDockerImages(
  archive: SpooledArchive,
  { platform, isStrict }: PlatformChoice,
): Promise<ArchivedImage[]> {
  const images: ArchivedImage[] = [];
  for (const entry of readDockerList(archive)) {
    const image = await readImage(archive, entry);
    if (!isStrict || fitsPlatform(image.config, platform)) images.push(image);
  }
  if (images.length === 0 && isStrict) throw badArchive(`it has no image for ${formatPlatform(platform)}`);
  return images;
}

async function readImage(archive: SpooledArchive, entry: DockerListEntry): Promise<ArchivedImage> {
  const configBytes = archive.read(entry.config, manifestLimit);
  const id = sha256(configBytes);
  checkName(entry.config, id);
  const config = parseImageConfig(configBytes);
  const { diff_ids } = config.rootfs;
  if (diff_ids.length !== entry.layers.length) {
    throw badImage(
      entry.references[0] ?? id,
      `it has ${entry.layers.length} layers, but its config names ${diff_ids.length}`,
    );
  }
  const layers: ArchivedLayer[] = [];
  for (const [index, name] of entry.layers.entries()) {
    const file = archive.find(name);
    if (file === undefined) throw badArchive(`its layer "${name}" is missing`);
    if (name.startsWith('blobs/')) checkName(name, file.digest);
    layers.push({ blob: await blobOf(file), diffId: diff_ids[index] ?? '', file });
  }
  const manifest = {
    ...imageManifest({ digest: id, size: configBytes.length }, []),
    layers: layers.map(({ blob }) => blob),
  };
  return {
    id,
    configBytes,
    config,
    manifest: { bytes: canonicalJson(manifest), mediaType: mediaTypes.manifest },
    layers,
    references: entry.references,
  };
}

/** A file that is named by a digest must have it: `<hex>.json`, `blobs/sha256/<hex>`. */
function checkName(name: string, digest: string): void {
  const promised = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(name)?.[1];
  if (promised !== undefined && `sha256:${promised}` !== digest) throw mismatch(`sha256:${promised}`, digest);
}

async function blobOf({ path, size, digest }: SpooledFile): Promise<Descriptor> {
  const compression = await compressionOf({ path, offset: 0, length: size });
  const types = { none: mediaTypes.layer, gzip: mediaTypes.layerGzip, zstd: mediaTypes.layerZstd } as const;
  return { mediaType: types[compression], digest, size };
}
