import type { ImageConfig, Platform } from '../../oci/index.ts';
import type { Attestation } from './attestations/attestation-records.ts';
import type { OpenCacheRequest, StoredCache, WriteCacheRequest } from './stored-cache/index.ts';
import type { PulledImage, PullRequest, PushedImage, PushRequest } from './transfer-types.ts';

/** One image in a list. `id` and diffIDs are `sha256:<64 hex>`. */
export interface ImageSummary {
  readonly id: string;
  /** Full references (`localhost/busybox:latest`); empty for a dangling image. */
  readonly references: readonly string[];
  /**
   * By which repositories have it: `docker.io/library/busybox@sha256:…`, of the index if one led to it. Absent where
   * `references` hold them, as those of engines elsewhere do.
   */
  readonly repoDigests?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** Bytes of all its layers, unpacked. */
  readonly sizeBytes: number;
  /** Bytes of the layers that no other image has. */
  readonly uniqueBytes: number;
  /** Ids of containers made from it. */
  readonly containers: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

export interface ImageDetails extends ImageSummary {
  readonly platform: Platform;
  readonly config: ImageConfig;
  readonly manifestDigest: string;
  readonly layers: readonly { readonly diffId: string; readonly sizeBytes: number }[];
  readonly history: readonly {
    readonly created: number;
    readonly createdBy: string;
    readonly comment?: string;
    readonly emptyLayer: boolean;
    readonly sizeBytes: number;
  }[];
}

export interface BootstrapRequest {
  /** `busybox` (from the host's static busybox) or `debian:SUITE` / `ubuntu:SUITE` (with mmdebstrap). */
  readonly source: string;
  /** Extra reference for the result; the default is `localhost/<source>`, tag `latest` for busybox. */
  readonly tag?: string;
  readonly signal?: AbortSignal;
  /** A line of the tool that does the work, for progress. */
  readonly onProgress?: (line: string) => void;
}

/** What an image ships for nothing, what only it holds, and which step is to blame. Bytes are of files, unpacked. */
export interface ImageWaste {
  readonly id: string;
  readonly references: readonly string[];
  readonly sizeBytes: number;
  /** Of files that later layers delete or overwrite: they are shipped and never seen. */
  readonly hiddenBytes: number;
  /** Of layers that no other image has. */
  readonly uniqueBytes: number;
  /** What a snapshot of this machine would hold: in use on the file system of its root. */
  readonly machineBytes: number;
  /** The image's history, oldest first. */
  readonly steps: readonly {
    readonly createdBy: string;
    /** Absent for a step that made no layer. */
    readonly diffId?: string;
    readonly sizeBytes: number;
    /** Of its files: what later steps hide. */
    readonly hiddenBytes: number;
    /** Ids of other images that have its layer. */
    readonly sharedWith: readonly string[];
  }[];
  /** The largest hidden files. `madeBy` and `hiddenBy` are indexes of steps. */
  readonly files: readonly {
    readonly path: string;
    readonly bytes: number;
    readonly how: 'deleted' | 'overwritten';
    readonly madeBy: number;
    readonly hiddenBy: number;
  }[];
  /** How many there are. */
  readonly fileCount: number;
}

/** Which unused images to free; every condition that is given has to hold. */
export interface ImagePruneOptions {
  /** Also those that have a reference but no container. */
  readonly all?: boolean;
  /** Created before this, in milliseconds since the epoch. */
  readonly until?: number;
  /** `name` or `name=value`: all of these labels. */
  readonly labels?: readonly string[];
  /** None of these. */
  readonly withoutLabels?: readonly string[];
}

/** Images of a root. A `name` is a reference, an id or a unique prefix of an id. */
export interface ImageService {
  list(): ImageSummary[];
  /** Throws `not-found` (`IMAGE_NOT_FOUND`), with a hint that names near misses or `image bootstrap`. */
  inspect(name: string): ImageDetails;
  tag(name: string, reference: string): void;
  /** What its build attests of it: how it was made, what is in it. Throws like `inspect`. */
  attestations(name: string): Attestation[];
  /** Reads all names of an image's layers; `files`: how many hidden ones to list, default 20. Throws like `inspect`. */
  waste(name: string, options?: { files?: number; signal?: AbortSignal | undefined }): Promise<ImageWaste>;
  /**
   * Takes away a reference, and the image with its last one. Throws `conflict` if a container uses it, unless
   * `force` and no container runs. Returns what was done, in docker's words' order.
   */
  remove(name: string, options?: { force?: boolean }): Promise<{ untagged: string[]; deleted: string[] }>;
  bootstrap(request: BootstrapRequest): Promise<ImageSummary>;
  /**
   * Fetches an image from a registry, and gives it its name. Rejects with one sentence about what the registry or the
   * network did (`RegistryError`), `not-found`, `data-loss` for what is not what its digest promises, `cancelled`; then
   * no image is half there, and what was downloaded serves the next pull.
   */
  pull(request: PullRequest): Promise<PulledImage>;
  /**
   * Sends an image to the registry that its name says, with as few bytes as possible. What was pulled keeps its digests;
   * what was made here is packed with gzip. Rejects like `pull`.
   */
  push(request: PushRequest): Promise<PushedImage>;
  /** Fetches every tag of a repository, one after the other. */
  pullAll(request: PullRequest): Promise<PulledImage[]>;
  /** Frees images without a reference (`all`: also unused ones), of those that the options name; returns what was freed. */
  prune(options?: ImagePruneOptions): Promise<{ deleted: string[]; reclaimedBytes: number }>;
}

/** An image as those need it who make containers or further images of it. */
export interface ResolvedImage {
  readonly id: string;
  readonly references: readonly string[];
  readonly config: ImageConfig;
  /** DiffIDs, base first. */
  readonly layers: readonly string[];
  readonly sizeBytes: number;
  /** Of manifests and indexes that repositories have it under, the newest first. */
  readonly digests: readonly string[];
}

export interface CreateImageRequest {
  /** Whole: `rootfs` and `history` too. Its canonical JSON is the image. */
  readonly config: ImageConfig;
  /** Names for it; they are taken from the images that had them. `latest` where a tag is missing. */
  readonly references: readonly string[];
  /** The event that announces it. Default `build`. */
  readonly origin?: 'build' | 'create' | 'import' | 'load' | 'pull';
}

/** What the rest of the engine asks of images, beside what a host may. */
export interface ImageStore extends ImageService {
  /** The image of a name, for that platform if its repository's index gave several; throws like `inspect`. */
  resolve(name: string, platform?: Platform): ResolvedImage;
  /**
   * Records an image over layers of this root, durably, with its names and events, in one transaction. Returns its
   * id. Throws `data-loss` (`LAYER_MISSING`): hold the layers until this returns.
   */
  create(request: CreateImageRequest): string;
  /** Keeps what is attested of an image: it goes where the image goes. */
  attest(image: string, attestations: readonly Attestation[]): void;
  /** Opens build results that are kept elsewhere. Rejects with `not-found` (`CACHE_NOT_FOUND`), or like `pull`. */
  openCache(request: OpenCacheRequest): Promise<StoredCache>;
  /** Keeps build results elsewhere: layers, and a document that says what they are. Rejects like `push`. */
  writeCache(request: WriteCacheRequest): Promise<void>;
  /** DiffIDs that an image names. */
  layersOfImages(): ReadonlySet<string>;
  /** Frees those of the layers that no image, no cache record and no living process refers to. */
  freeLayers(diffIds: readonly string[]): Promise<{ deleted: string[]; reclaimedBytes: number }>;
}
