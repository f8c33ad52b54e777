import type { ImageConfig, Platform } from '../../oci/index.ts';
import type {
  Attestation,
  OpenCacheRequest,
  PulledImage,
  PullRequest,
  StoredCache,
  WriteCacheRequest,
} from '../image/index.ts';
import type { BaseImage } from './plan/index.ts';

/** What builds ask of images; the image store is one. */
export interface BuildImages {
  /** The image of a name, for that platform if there are several. Throws `not-found`. */
  resolve(
    name: string,
    platform?: Platform,
  ): BaseImage & { readonly references: readonly string[]; readonly digests: readonly string[] };
  /** Keeps what is attested of an image; it goes where the image goes. */
  attest(image: string, attestations: readonly Attestation[]): void;
  /** Fetches an image from a registry. */
  pull(request: PullRequest): Promise<Pick<PulledImage, 'id' | 'upToDate'>>;
  /** Opens build results that are kept elsewhere, and keeps them there. */
  openCache(request: OpenCacheRequest): Promise<StoredCache>;
  writeCache(request: WriteCacheRequest): Promise<void>;
  /** Records an image over layers of this root, durably, with its names. Returns its id. */
  create(request: { readonly config: ImageConfig; readonly references: readonly string[] }): string;
  /** DiffIDs that an image names. */
  layersOfImages(): ReadonlySet<string>;
  /** Frees those of the layers that no image, no cache record and no living process refers to. */
  freeLayers(diffIds: readonly string[]): Promise<{ reclaimedBytes: number }>;
}
