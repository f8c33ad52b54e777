import type { RegistryAccess } from '../../registry/index.ts';
import type { HeldLayer } from '../../snapshot/index.ts';

/** Where the results of builds are kept for other machines. */
export type CachePlace =
  /** A folder with an OCI layout. Tag: which of its entries, default `latest`. */
  | { readonly type: 'local'; readonly folder: string; readonly tag?: string }
  /** A repository: an artifact of its own, or an image whose config has the records in it. */
  | ({ readonly type: 'registry'; readonly name: string } & RegistryAccess);

/** Layers outside this root, and what whoever wrote them said of them. */
export interface StoredCache extends Disposable {
  /** JSON. */
  readonly document: unknown;
  /** DiffIDs. */
  readonly layers: ReadonlySet<string>;
  /** Brings a layer here and proves it. Rejects for one that is missing or damaged; the others are there still. */
  fetch(diffId: string, signal: AbortSignal): Promise<HeldLayer>;
}

export interface OpenCacheRequest {
  readonly place: CachePlace;
  readonly signal?: AbortSignal | undefined;
}

export interface WriteCacheRequest extends OpenCacheRequest {
  readonly document: unknown;
  /** DiffIDs; they must be held. */
  readonly layers: readonly string[];
}

/** Media type of the document. */
export const cacheDocumentType = 'application/vnd.plimsoll.buildcache.v1+json';
/** The field of an image's config that has the document of an inline cache. */
export const inlineField = 'plimsoll.buildcache.v1';
/** Says of a blob which diffID it unpacks to, as BuildKit's caches do. */
export const diffIdAnnotation = 'containerd.io/uncompressed';
