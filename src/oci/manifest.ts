import type { Platform } from './image-config.ts';
import { mediaTypes } from './media-types.ts';

/** Names content by type, digest and size in bytes; see the OCI image spec, descriptor. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  /** In an index: what the image runs on. */
  readonly platform?: Platform;
  /** In an index or a list of referrers: what kind of artifact it is. */
  readonly artifactType?: string;
}

/** The manifest of one image, or of another artifact: OCI's, or Docker's v2 schema 2. */
export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  /** The manifest that this one is about (a signature, an attestation). */
  readonly subject?: Descriptor;
}

/** A list of images, one for each platform: OCI's index, or Docker's manifest list. */
export interface ImageIndex {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The manifest of an image whose layers are uncompressed tars, base first. */
export function imageManifest(
  config: Omit<Descriptor, 'mediaType'>,
  layers: readonly Omit<Descriptor, 'mediaType'>[],
): Manifest {
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, ...config },
    layers: layers.map(layer => ({ mediaType: mediaTypes.layer, ...layer })),
  };
}
