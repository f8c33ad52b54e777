import type { RegistryAccess } from '../registry/index.ts';

/** What a transfer announces. Layers are named by the digest of their blob when they come, by their diffID when they go. */
export type TransferProgress =
  | {
      readonly kind: 'began';
      /** The image, as `familiarReference` writes it. */
      readonly name: string;
      readonly layers: readonly { readonly digest: string; readonly size: number }[];
    }
  | {
      readonly kind: 'layer';
      readonly digest: string;
      readonly state: LayerState;
      /** Of `downloading`, `pushing` and `reading`: how many bytes are done. */
      readonly bytes?: number;
      /** Of `pushing`: of how many, which is known only when the layer is packed. */
      readonly size?: number;
      /** Of `retrying`: what went wrong. */
      readonly note?: string;
    };

export type LayerState =
  | 'exists'
  | 'waiting'
  | 'elsewhere'
  | 'downloading'
  | 'retrying'
  | 'unpacking'
  | 'pulled'
  | 'compressing'
  | 'pushing'
  | 'mounted'
  | 'pushed'
  | 'reading'
  | 'loaded';

interface TransferRequest extends RegistryAccess {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((event: TransferProgress) => void) | undefined;
}

export interface PullRequest extends TransferRequest {
  /** A reference; one without a registry is looked for in each registry of the search list. */
  readonly name: string;
  /** `linux/arm64`; default: this machine's. */
  readonly platform?: string | undefined;
  /** The name stays with the image that has it: for another platform's image that only a build needs. */
  readonly keepName?: boolean;
  /** Layers that are downloaded at once. Default 4. */
  readonly parallel?: number;
}

export interface PulledImage {
  readonly id: string;
  /** The full reference that it was pulled by. */
  readonly reference: string;
  /** Digest of the manifest or index that the registry has there. */
  readonly digest: string;
  /** Nothing was downloaded: the image was here, under this name. */
  readonly upToDate: boolean;
  readonly warnings: readonly string[];
}

export interface PushRequest extends TransferRequest {
  /** One of the image's names: it says where to. */
  readonly name: string;
  /**
   * `linux/arm64`: of an image for several platforms that one alone, without what is attested of it. Throws `not-found`
   * (`PLATFORM_NOT_FOUND`) where it is not here. Default: the image that has the name.
   */
  readonly platform?: string | undefined;
  readonly packing?: LayerPacking | undefined;
}

/** How layers are packed for a registry or an archive. Default for a registry: those that were pulled as they came, others with gzip. */
export interface LayerPacking {
  readonly compression: 'gzip' | 'zstd' | 'uncompressed';
  /** As zlib and zstd count. Default: theirs. */
  readonly level?: number | undefined;
  /** Layers that were pulled are packed anew too, which gives them other digests. */
  readonly force: boolean;
}

export interface PushedImage {
  readonly reference: string;
  /** Digest of the manifest there. */
  readonly digest: string;
  /** Bytes of the manifest. */
  readonly size: number;
}
