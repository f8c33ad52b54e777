/**
 * Images: immutable views of configs and layers, and the names that point at them.
 *
 *     const images = createImageService({ root, db, snapshots, events, clock: Date.now });
 *     const { config, layers } = images.resolve('busybox');
 * @module
 */
export { neitherHereNorThere } from './absent-image.ts';
export type {
  ArchiveFormat,
  ImageArchives,
  ImportRequest,
  LoadedImage,
  LoadRequest,
  SaveRequest,
} from './archive-types.ts';
export type { Attestation } from './attestations/attestation-records.ts';
export type { ImageServiceOptions } from './context.ts';
export { createImageArchives } from './create-image-archives.ts';
export { createImageService } from './create-image-service.ts';
export { createManifestService } from './manifest-list/create-manifest-service.ts';
export type {
  AddManifestRequest,
  AnnotateRequest,
  ManifestList,
  ManifestMember,
  ManifestService,
  PushManifestRequest,
} from './manifest-list/types.ts';
export type { CachePlace, OpenCacheRequest, StoredCache, WriteCacheRequest } from './stored-cache/index.ts';
export { inlineField } from './stored-cache/types.ts';
export type {
  LayerPacking,
  LayerState,
  PulledImage,
  PullRequest,
  PushedImage,
  PushRequest,
  TransferProgress,
} from './transfer-types.ts';
export type {
  BootstrapRequest,
  CreateImageRequest,
  ImageDetails,
  ImagePruneOptions,
  ImageService,
  ImageStore,
  ImageSummary,
  ImageWaste,
  ResolvedImage,
} from './types.ts';
