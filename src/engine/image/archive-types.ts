import type { Readable } from 'node:stream';
import type { LayerPacking, TransferProgress } from './transfer-types.ts';

export interface SaveRequest {
  /** References, ids, or repositories without a tag, of which every tag is meant. */
  readonly names: readonly string[];
  /**
   * `docker-archive` and `oci-archive` write what readers of that format alone need; the default is an OCI layout that is
   * a Docker archive too.
   */
  readonly format?: ArchiveFormat;
  /** How layers are packed. Default: those that came packed as they came, others not at all. Not of `docker-archive`. */
  readonly packing?: LayerPacking | undefined;
  /** Which image of a name is meant, as in `linux/arm64`. Default: the one that has the name. */
  readonly platform?: string;
  readonly signal?: AbortSignal | undefined;
}

export type ArchiveFormat = 'both' | 'docker-archive' | 'oci-archive';

export interface LoadRequest {
  /** The bytes of the archive, plain or packed with gzip or zstd. Read to its end, or destroyed. */
  readonly archive: AsyncIterable<Uint8Array>;
  /** How many bytes will come, if that is known: for progress. */
  readonly size?: number;
  /** Which image of a list is meant, as in `linux/arm64`; default: this machine's, or the only one that is there. */
  readonly platform?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((event: TransferProgress) => void) | undefined;
}

/** An image that came out of an archive. */
export interface LoadedImage {
  readonly id: string;
  /** The full references that it got; none for an image without a name. */
  readonly references: readonly string[];
  /** Names that another image had before: it has lost them. */
  readonly replaced: readonly { readonly reference: string; readonly id: string }[];
}

export interface ImportRequest {
  /** The tar of a root filesystem, plain or packed with gzip or zstd. Read to its end, or destroyed. */
  readonly tar: AsyncIterable<Uint8Array>;
  /** The image's name; without one it has only its id. */
  readonly reference?: string | undefined;
  /** Dockerfile instructions that change no file: `CMD ["serve"]`. */
  readonly changes?: readonly string[];
  readonly message?: string | undefined;
  /** As in `linux/arm64`; default: this machine's. */
  readonly platform?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Images in files: Docker's and OCI's archives, and plain root filesystems. */
export interface ImageArchives {
  /**
   * Images as one tar, which docker, podman and skopeo read. What was pulled or loaded keeps its digests and its packed
   * layers; layers made here are not packed. Everything is checked on the way: the stream breaks with `data-loss` rather
   * than give a damaged layer. Read it to its end or destroy it, and let it close before the engine. Throws `not-found` before the first byte.
   */
  save(request: SaveRequest): Promise<Readable>;
  /**
   * The root filesystem of an image as a tar (pax): what a container of it sees. Read it to its end or destroy it, and let
   * it close before the engine. Throws `not-found` before the first byte.
   */
  rootfs(name: string, options?: { signal?: AbortSignal | undefined }): Promise<Readable>;
  /**
   * Takes over the images of an archive, all or none: every blob is proven before anything has a name, and of an archive
   * that is refused nothing stays. Throws `invalid-argument` (`BAD_ARCHIVE`), `data-loss` (`DIGEST_MISMATCH`).
   */
  load(request: LoadRequest): Promise<LoadedImage[]>;
  /** Makes an image of one layer of the tar of a root filesystem. Returns its id. */
  importTar(request: ImportRequest): Promise<string>;
}
