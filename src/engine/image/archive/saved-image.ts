import {
  canonicalJson,
  type Descriptor,
  familiarReference,
  type ImageIndex,
  imageManifest,
  type Manifest,
  mediaTypes,
  parseManifest,
  parseReference,
} from '../../../oci/index.ts';
import { sha256 } from '../../store/index.ts';
import { type AttestationManifest, attestationManifest } from '../attestations/attestation-manifest.ts';
import type { LayerPart } from '../content/image-parts.ts';
import { type Bytes, exactManifest, keptBlob } from '../content/published.ts';
import type { ImageContext } from '../context.ts';
import type { ImageRecord } from '../image-records.ts';
import { type PackedParts, plainBlob } from './pack-layers.ts';

/** An image as an archive has it. */
export interface SavedImage {
  readonly id: string;
  readonly configBytes: Buffer;
  readonly manifest: Bytes;
  /** Base first. A blob whose digest is the diffID is the uncompressed tar, else one that is kept as it came. */
  readonly layers: readonly LayerPart[];
  /** What is attested of it. */
  readonly attested?: AttestationManifest;
  /** What stands under its names: its manifest, or an index of that and what is attested. */
  readonly top: Bytes;
  /** Full references by which it was asked for. */
  readonly references: readonly string[];
}

/**
 * How an image is written: with the manifest that it was published with, if all its layers can be given out as that
 * says, else with one over layers that are kept packed or not packed at all. `packed`: how they shall be instead.
 */
export function savedImage(
  context: ImageContext,
  image: ImageRecord,
  {
    references,
    packed,
  }: { readonly references: readonly string[]; readonly packed?: PackedParts | undefined },
): SavedImage {
  const configBytes = context.blobs.get(image.id);
  const chosen = packed && new Set([...packed.values()].map(({ blob }) => blob.digest));
  const exact = exactManifest(
    context,
    image,
    ({ digest }) =>
      chosen?.has(digest) ??
      (image.layers.includes(digest) || keptBlob(context, 'digest', digest) !== undefined),
  );
  const manifest = exact ?? madeManifest(context, image, { size: configBytes.length, packed });
  const { os, architecture, variant } = context.records.config(image.id);
  const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
  const digest = sha256(manifest.bytes);
  const name = familiarReference(parseReference(references[0] ?? 'image'));
  const attested = attestationManifest(context, image.id, { subject: digest, name, platform });
  const own = { mediaType: manifest.mediaType, digest, size: manifest.bytes.length, platform };
  return {
    id: image.id,
    configBytes,
    manifest,
    layers: layersOf(manifest).flatMap((blob, index) => {
      const diffId = image.layers[index];
      return diffId === undefined ? [] : [{ blob, diffId }];
    }),
    references,
    ...(attested === undefined ? { top: manifest } : { attested, top: indexOf([own, attested.descriptor]) }),
  };
}

function indexOf(manifests: readonly Descriptor[]): Bytes {
  const index: ImageIndex = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
  return { bytes: canonicalJson(index), mediaType: mediaTypes.index };
}

/** An image's layers uncompressed, as Docker's archives have always had them. */
export function plainLayers(context: ImageContext, image: SavedImage): readonly LayerPart[] {
  return image.layers.map(({ diffId }) => ({ diffId, blob: plainBlob(context, diffId) }));
}

function madeManifest(
  context: ImageContext,
  image: ImageRecord,
  { size, packed }: { readonly size: number; readonly packed: PackedParts | undefined },
): Bytes {
  const manifest: Manifest = {
    ...imageManifest({ digest: image.id, size }, []),
    layers: image.layers.map(
      diffId =>
        packed?.get(diffId)?.blob ?? keptBlob(context, 'diff_id', diffId) ?? plainBlob(context, diffId),
    ),
  };
  return { bytes: canonicalJson(manifest), mediaType: mediaTypes.manifest };
}

function layersOf({ bytes, mediaType }: Bytes): readonly Descriptor[] {
  const document = parseManifest(bytes, mediaType);
  return document.kind === 'image' ? document.manifest.layers : [];
}
