/**
 * Build results outside a root, for other machines: an OCI layout in a folder, an artifact in a registry, or an image that
 * carries its own records.
 * @module
 */
import type { ImageContext } from '../context.ts';
import { openFolderCache, writeFolderCache } from './folder-cache.ts';
import { openRegistryCache, writeRegistryCache } from './registry-cache.ts';
import type { OpenCacheRequest, StoredCache, WriteCacheRequest } from './types.ts';

export type {
  CachePlace,
  OpenCacheRequest,
  StoredCache,
  WriteCacheRequest,
} from './types.ts';

/** See `ImageStore.openCache`. */
export async function openCache(context: ImageContext, request: OpenCacheRequest): Promise<StoredCache> {
  const { place } = request;
  if (place.type === 'local') return openFolderCache(context, { ...request, place });
  return await openRegistryCache(context, { ...request, place });
}

/** See `ImageStore.writeCache`. */
export async function writeCache(context: ImageContext, request: WriteCacheRequest): Promise<void> {
  const { place } = request;
  if (place.type === 'local') await writeFolderCache(context, { ...request, place });
  else await writeRegistryCache(context, { ...request, place });
}
