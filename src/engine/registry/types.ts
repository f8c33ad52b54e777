import type { Hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Descriptor, ManifestDocument, Platform, Reference } from '../../oci/index.ts';
import type { RegistryError } from './registry-error.ts';

/** A manifest or index as the registry served it: bytes, their proven digest, and what they say. */
export interface FetchedManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly digest: string;
  readonly document: ManifestDocument;
}

/** What a name stands for in a registry: its manifest or index, and what that has images for. */
export interface RemoteManifest {
  readonly descriptor: Descriptor;
  readonly platforms: readonly Platform[];
}

export interface TransferOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of each failure that is mended by another try. */
  readonly onRetry?: ((error: RegistryError, waitMs: number) => void) | undefined;
}

export interface ReadBlobOptions extends TransferOptions {
  /** Bytes that are here already; the rest is asked for. */
  readonly from?: number;
  /** Has seen the bytes before `from`. Default: a new one. */
  readonly hash?: Hash;
}

/** Content to push; it may have to be read several times, from any place. */
export interface PushableBlob {
  readonly digest: string;
  readonly size: number;
  open(from: number): Readable;
  /** Repositories of the same registry that are known to have it. */
  readonly alsoIn?: readonly string[];
}

export interface PushBlobOptions extends TransferOptions {
  /** Told how many bytes are sent, of all. */
  readonly onProgress?: (bytes: number) => void;
}

/**
 * A client of the OCI distribution spec. It knows no store: content goes in and out as streams. Every byte that it gives
 * out was checked against a digest, except where the tag is all there is. Retries what fails for a moment by itself.
 * Keeps connections and tokens until it is disposed of.
 *
 * All methods reject with `RegistryError` (one sentence that names the registry), or `cancelled`.
 */
export interface RegistryClient extends Disposable {
  /** The manifest or index that a tag or digest stands for; mirrors are asked first. Throws `not-found`. */
  manifest(reference: Reference, options?: TransferOptions): Promise<FetchedManifest>;
  /**
   * The bytes of a blob, from `from` to its end; goes on where it stood when a connection breaks. The last piece is
   * given out only when the digest is right; else throws `data-loss` (`DIGEST_MISMATCH`).
   */
  blob(reference: Reference, blob: Descriptor, options?: ReadBlobOptions): AsyncGenerator<Buffer>;
  /** `toPush`: asked with the right to push, which a token then covers already. */
  hasBlob(
    reference: Reference,
    digest: string,
    options?: TransferOptions & { readonly toPush?: boolean },
  ): Promise<boolean>;
  /** Makes sure that the repository has a blob, with as few bytes sent as possible. */
  pushBlob(
    reference: Reference,
    blob: PushableBlob,
    options?: PushBlobOptions,
  ): Promise<'present' | 'mounted' | 'pushed'>;
  /** Puts a manifest or index under the tag or digest of the reference; what it names must be there. Returns its digest. */
  pushManifest(
    reference: Reference,
    manifest: { readonly bytes: Uint8Array; readonly mediaType: string },
    options?: TransferOptions,
  ): Promise<string>;
  /** The tags of a repository, in the registry's order, at most `limit` (default 10 000). */
  tags(reference: Reference, options?: TransferOptions & { readonly limit?: number }): Promise<string[]>;
  /** Manifests that are about the one with this digest: signatures, attestations. Empty where the registry keeps none. */
  referrers(reference: Reference, digest: string, options?: TransferOptions): Promise<readonly Descriptor[]>;
  /** Repositories whose name or description has the words. Throws `not-implemented` where the registry cannot search. */
  search(
    domain: string,
    words: string,
    options?: TransferOptions & { limit?: number },
  ): Promise<FoundRepository[]>;
  /** Proves to the registry who we are; throws `unauthenticated` if it does not know us. */
  checkLogin(domain: string, options?: TransferOptions): Promise<void>;
}

export interface FoundRepository {
  /** As `pull` takes it. */
  readonly name: string;
  readonly description: string;
  readonly stars: number;
  readonly official: boolean;
}
