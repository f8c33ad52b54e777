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
export { type Descriptor, imageManifest, type Manifest, mediaTypes } from './manifest.ts';
export { hostPlatform } from './platform.ts';
export {
  familiarReference,
  formatReference,
  localCandidates,
  parseReference,
  type Reference,
  withDefaultTag,
} from './reference.ts';
