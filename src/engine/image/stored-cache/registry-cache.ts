import { availableParallelism } from 'node:os';
import { Readable } from 'node:stream';
import { runTogether } from '../../../lib/run-together.ts';
import { createSlots } from '../../../lib/slots.ts';
import {
  choosePlatform,
  hostPlatform,
  mediaTypes,
  parseReference,
  type Reference,
  withDefaultTag,
} from '../../../oci/index.ts';
import type { RegistryClient } from '../../registry/index.ts';
import type { ImageContext } from '../context.ts';
import { fetchLayer } from '../pull/fetch-layer.ts';
import { pushLayer } from '../push/push-layer.ts';
import { type CacheParts, cacheManifest, noCache, readCache } from './cache-manifest.ts';
import type { CachePlace, OpenCacheRequest, StoredCache, WriteCacheRequest } from './types.ts';

type RegistryPlace = Extract<CachePlace, { type: 'registry' }>;

/** Opens the cache in a repository; layers come when they are asked for. */
export async function openRegistryCache(
  context: ImageContext,
  { place, signal }: OpenCacheRequest & { readonly place: RegistryPlace },
): Promise<StoredCache> {
  using stack = new DisposableStack();
  const client = stack.use(await context.registries.client(place));
  const reference = withDefaultTag(parseReference(place.name));
  const { document, blobs } = await readRemote(client, reference, place.name, signal);
  const downloadSlots = createSlots(4);
  const kept = stack.move();
  return {
    document,
    layers: new Set(blobs.keys()),
    fetch: async (diffId, stop) => {
      const blob = blobs.get(diffId);
      if (blob === undefined) throw noCache(place.name);
      return await fetchLayer(context, {
        ...{ client, reference, blob, diffId },
        downloadSlots,
        tell: () => {},
        signal: stop,
      });
    },
    [Symbol.dispose]: () => kept.dispose(),
  };
}

async function readRemote(
  client: RegistryClient,
  reference: Reference,
  name: string,
  signal: AbortSignal | undefined,
): Promise<CacheParts> {
  let at = await client.manifest(reference, { signal });
  if (at.document.kind === 'index') {
    const chosen = choosePlatform(at.document.index, hostPlatform(process.arch));
    if (chosen === undefined) throw noCache(name);
    const { domain, path } = reference;
    at = await client.manifest({ domain, path, digest: chosen.digest }, { signal });
  }
  if (at.document.kind === 'index') throw noCache(name);
  const { manifest } = at.document;
  const pieces: Buffer[] = [];
  for await (const piece of client.blob(reference, manifest.config, { signal })) pieces.push(piece);
  return readCache(manifest, Buffer.concat(pieces), name);
}

/** Sends a cache to a repository, with as few bytes as possible, the manifest last. */
export async function writeRegistryCache(
  context: ImageContext,
  { place, document, layers, signal }: WriteCacheRequest & { readonly place: RegistryPlace },
): Promise<void> {
  using client = await context.registries.client(place);
  const reference = withDefaultTag(parseReference(place.name));
  await using scratch = await context.snapshots.scratch();
  const slots = createSlots(availableParallelism() + 1);
  const pushed = await runTogether(
    layers.map(diffId => async stop => {
      const work = { client, reference, diffId, tell: () => {}, signal: stop, folder: scratch.path };
      return [diffId, await slots(() => pushLayer(context, work))] as const;
    }),
    signal,
  );
  const { bytes, config, configBytes } = cacheManifest(document, new Map(pushed));
  const open = (from: number) => Readable.from([configBytes.subarray(from)]);
  await client.pushBlob(reference, { ...config, open }, { signal });
  await client.pushManifest(reference, { bytes, mediaType: mediaTypes.manifest }, { signal });
}
