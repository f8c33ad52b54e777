/**
 * The OCI image spec's nouns as plain types, and their parsers and formatters. No effects.
 *
 *     familiarReference(parseReference('docker.io/library/busybox:latest')) // busybox:latest
 * @module
 */
export { canonicalJson } from './canonical-json.ts';
export { type Digest, digestHex, formatDigest, isDigest, parseDigest } from './digest.ts';
export type {
  HealthcheckConfig,
  ImageConfig,
  ImageHistory,
  ImageProcessConfig,
  Platform,
} from './image-config.ts';
export { type JsonReader, readJson } from './json-reader.ts';
export { type Descriptor, type ImageIndex, imageManifest, type Manifest } from './manifest.ts';
export {
  acceptedManifests,
  dockerMediaTypes,
  isConfigType,
  isForeignLayerType,
  isIndexType,
  isLayerType,
  mediaTypes,
} from './media-types.ts';
export { parseImageConfig } from './parse-image-config.ts';
export { type ManifestDocument, manifestLimit, parseManifest } from './parse-manifest.ts';
export {
  choosePlatform,
  fitsPlatform,
  formatPlatform,
  hostPlatform,
  parsePlatform,
  platformsOf,
} from './platform.ts';
export {
  familiarReference,
  formatReference,
  localCandidates,
  mayBeInRegistry,
  parseReference,
  type Reference,
  remoteCandidates,
  withDefaultTag,
} from './reference.ts';
