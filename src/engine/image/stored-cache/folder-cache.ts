import {
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { errnoOf, PlimsollError, throwIfAborted } from '../../../errors.ts';
import {
  canonicalJson,
  type Descriptor,
  digestHex,
  type ImageIndex,
  type Manifest,
  mediaTypes,
  parseManifest,
} from '../../../oci/index.ts';
import { writeFileAtomic } from '../../kernel/index.ts';
import { sha256 } from '../../store/index.ts';
import { keptBlob } from '../content/published.ts';
import type { ImageContext } from '../context.ts';
import { packLayer } from '../push/pack-layer.ts';
import { cacheManifest, noCache, readCache } from './cache-manifest.ts';
import type { CachePlace, OpenCacheRequest, StoredCache, WriteCacheRequest } from './types.ts';

type FolderPlace = Extract<CachePlace, { type: 'local' }>;

const tagAnnotation = 'org.opencontainers.image.ref.name';

/** Opens the cache in a folder; every byte of it is proven before it is used. */
export function openFolderCache(
  { snapshots }: ImageContext,
  { place }: OpenCacheRequest & { readonly place: FolderPlace },
): StoredCache {
  const { folder, tag = 'latest' } = place;
  const entry = readIndex(folder)?.manifests.find(one => one.annotations?.[tagAnnotation] === tag);
  if (entry === undefined) throw noCache(folder);
  const manifest = readImage(folder, entry);
  const { document, blobs } = readCache(manifest, readProven(folder, manifest.config.digest), folder);
  return {
    document,
    layers: new Set(blobs.keys()),
    fetch: async (diffId, signal) => {
      const blob = blobs.get(diffId);
      const path = blob === undefined ? undefined : blobPath(folder, blob.digest);
      const size = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false })?.size;
      if (path === undefined || size === undefined) throw missing(folder, blob?.digest ?? diffId);
      return await snapshots.importLayer({ diffId, file: { path, offset: 0, length: size }, signal });
    },
    [Symbol.dispose]: () => {},
  };
}

/**
 * Writes a cache into a folder, an OCI layout: what is there already is not written again, the index comes last, and what
 * no entry of it names any more is deleted.
 */
export async function writeFolderCache(
  context: ImageContext,
  {
    place,
    document,
    layers,
    signal = new AbortController().signal,
  }: WriteCacheRequest & { readonly place: FolderPlace },
): Promise<void> {
  const { folder, tag = 'latest' } = place;
  const ingest = join(folder, 'ingest');
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
  mkdirSync(ingest, { recursive: true });
  try {
    const blobs = new Map<string, Descriptor>();
    for (const diffId of layers) {
      throwIfAborted(signal, 'writing the cache');
      blobs.set(diffId, await writeLayer(context, { folder, ingest, diffId, signal }));
    }
    const { bytes, config, configBytes } = cacheManifest(document, blobs);
    writeBlob(folder, config.digest, configBytes);
    const manifest = { mediaType: mediaTypes.manifest, digest: sha256(bytes), size: bytes.length };
    writeBlob(folder, manifest.digest, bytes);
    const others = (readIndex(folder)?.manifests ?? []).filter(
      one => one.annotations?.[tagAnnotation] !== tag,
    );
    const manifests = [...others, { ...manifest, annotations: { [tagAnnotation]: tag } }];
    writeFileAtomic(join(folder, 'oci-layout'), canonicalJson({ imageLayoutVersion: '1.0.0' }));
    const index: ImageIndex = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
    writeFileAtomic(join(folder, 'index.json'), canonicalJson(index));
    sweep(folder, index);
  } finally {
    rmSync(ingest, { recursive: true, force: true });
  }
}

interface LayerWork {
  readonly folder: string;
  readonly ingest: string;
  readonly diffId: string;
  readonly signal: AbortSignal;
}

async function writeLayer(
  context: ImageContext,
  { folder, ingest, diffId, signal }: LayerWork,
): Promise<Descriptor> {
  const kept = keptBlob(context, 'diff_id', diffId);
  if (kept !== undefined) {
    const [source, target] = [context.blobs.path(kept.digest), blobPath(folder, kept.digest)];
    if (existsSync(target)) return kept;
    if (source !== undefined) {
      const fresh = join(ingest, digestHex(kept.digest));
      copyFileSync(source, fresh, constants.COPYFILE_FICLONE);
      renameSync(fresh, target);
      return kept;
    }
  }
  const rows = context.db.all('SELECT * FROM layer_blobs WHERE diff_id = ?', diffId);
  for (const row of rows) {
    const known = { mediaType: String(row.media_type), digest: String(row.digest), size: Number(row.size) };
    if (existsSync(blobPath(folder, known.digest))) return known;
  }
  const { blob, path } = await packLayer(context, diffId, { folder: ingest, signal });
  renameSync(path, blobPath(folder, blob.digest));
  return blob;
}

function blobPath(folder: string, digest: string): string {
  return join(folder, 'blobs/sha256', digestHex(digest));
}

function writeBlob(folder: string, digest: string, bytes: Uint8Array): void {
  if (!existsSync(blobPath(folder, digest))) writeFileAtomic(blobPath(folder, digest), bytes);
}

function readIndex(folder: string): ImageIndex | undefined {
  try {
    const document = parseManifest(readFileSync(join(folder, 'index.json')), mediaTypes.index);
    return document.kind === 'index' ? document.index : undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function readImage(folder: string, { digest, mediaType }: Descriptor): Manifest {
  const document = parseManifest(readProven(folder, digest), mediaType);
  if (document.kind === 'image') return document.manifest;
  throw noCache(folder);
}

function readProven(folder: string, digest: string): Buffer {
  try {
    const bytes = readFileSync(blobPath(folder, digest));
    if (sha256(bytes) === digest) return bytes;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  throw missing(folder, digest);
}

/** A folder that is written by each build would grow without end. Does nothing if an entry is not to be read. */
function sweep(folder: string, { manifests }: ImageIndex): void {
  const named = new Set<string>();
  try {
    for (const entry of manifests) {
      const { config, layers } = readImage(folder, entry);
      for (const { digest } of [entry, config, ...layers]) named.add(digestHex(digest));
    }
  } catch {
    return; // somebody else's entry
  }
  for (const name of readdirSync(join(folder, 'blobs/sha256')))
    if (!named.has(name)) rmSync(join(folder, 'blobs/sha256', name), { force: true });
}

function missing(folder: string, digest: string): PlimsollError {
  return new PlimsollError('data-loss', `"${folder}" does not have the content ${digest}, or another one`, {
    code: 'CACHE_DAMAGED',
    hint: 'the next --cache-to writes it again',
  });
}
