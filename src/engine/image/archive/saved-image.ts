import {
  canonicalJson,
  type Descriptor,
  imageManifest,
  type Manifest,
  mediaTypes,
  parseManifest,
} from '../../../oci/index.ts';
import type { LayerPart } from '../content/image-parts.ts';
import { type Bytes, exactManifest, keptBlob } from '../content/published.ts';
import type { ImageContext } from '../context.ts';
import type { ImageRecord } from '../image-records.ts';

/** An image as an archive has it. */
export interface SavedImage {
  readonly id: string;
  readonly configBytes: Buffer;
  readonly manifest: Bytes;
  /** Base first. A blob whose digest is the diffID is the uncompressed tar, else one that is kept as it came. */
  readonly layers: readonly LayerPart[];
  /** Full references by which it was asked for. */
  readonly references: readonly string[];
}

/**
 * How an image is written: with the manifest that it was published with, if all its layers can be given out as that
 * says, else with one over layers that are kept packed or not packed at all.
 */
export function savedImage(
  context: ImageContext,
  image: ImageRecord,
  references: readonly string[],
): SavedImage {
  const configBytes = context.blobs.get(image.id);
  const exact = exactManifest(
    context,
    image,
    ({ digest }) => image.layers.includes(digest) || keptBlob(context, 'digest', digest) !== undefined,
  );
  const manifest = exact ?? madeManifest(context, image, configBytes.length);
  return {
    id: image.id,
    configBytes,
    manifest,
    layers: layersOf(manifest).flatMap((blob, index) => {
      const diffId = image.layers[index];
      return diffId === undefined ? [] : [{ blob, diffId }];
    }),
    references,
  };
}

/** An image's layers uncompressed, as Docker's archives have always had them. */
export function plainLayers(context: ImageContext, image: SavedImage): readonly LayerPart[] {
  return image.layers.map(({ diffId }) => ({ diffId, blob: plainBlob(context, diffId) }));
}

function madeManifest(context: ImageContext, image: ImageRecord, size: number): Bytes {
  const manifest: Manifest = {
    ...imageManifest({ digest: image.id, size }, []),
    layers: image.layers.map(diffId => keptBlob(context, 'diff_id', diffId) ?? plainBlob(context, diffId)),
  };
  return { bytes: canonicalJson(manifest), mediaType: mediaTypes.manifest };
}

function plainBlob({ snapshots }: ImageContext, diffId: string): Descriptor {
  return { mediaType: mediaTypes.layer, digest: diffId, size: snapshots.layer(diffId)?.tarBytes ?? 0 };
}

function layersOf({ bytes, mediaType }: Bytes): readonly Descriptor[] {
  const document = parseManifest(bytes, mediaType);
  return document.kind === 'image' ? document.manifest.layers : [];
}
