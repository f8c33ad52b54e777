import { PlimsollError } from '../../../errors.ts';
import {
  canonicalJson,
  type Descriptor,
  isConfigType,
  type Manifest,
  mediaTypes,
  parseImageConfig,
} from '../../../oci/index.ts';
import { sha256 } from '../../store/index.ts';
import { pairLayers } from '../content/image-parts.ts';
import { cacheDocumentType, diffIdAnnotation, inlineField } from './types.ts';

/** What a stored cache consists of: the document, and the blob of each diffID. */
export interface CacheParts {
  readonly document: unknown;
  readonly blobs: ReadonlyMap<string, Descriptor>;
}

/** The manifest of a cache and the bytes of its document. */
export function cacheManifest(
  document: unknown,
  layers: ReadonlyMap<string, Descriptor>,
): { readonly bytes: Buffer; readonly config: Descriptor; readonly configBytes: Buffer } {
  const configBytes = canonicalJson(document);
  const config = { mediaType: cacheDocumentType, digest: sha256(configBytes), size: configBytes.length };
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config,
    layers: [...layers].map(([diffId, blob]) => ({ ...blob, annotations: { [diffIdAnnotation]: diffId } })),
  };
  return { bytes: canonicalJson(manifest), config, configBytes };
}

/** Reads a manifest as a cache, or as an image with an inline one. `name` is for errors. Throws `not-found`. */
export function readCache(manifest: Manifest, configBytes: Buffer, name: string): CacheParts {
  const { config, layers } = manifest;
  if (config.mediaType === cacheDocumentType) {
    const blobs = layers.flatMap(blob => {
      const diffId = blob.annotations?.[diffIdAnnotation];
      return diffId === undefined ? [] : [[diffId, blob] as const];
    });
    return { document: parseJson(configBytes, name), blobs: new Map(blobs) };
  }
  const json = isConfigType(config.mediaType) ? parseJson(configBytes, name) : undefined;
  const document = (json as Record<string, unknown> | undefined)?.[inlineField];
  if (document === undefined) throw noCache(name);
  const parts = pairLayers(manifest, parseImageConfig(configBytes), name);
  return { document, blobs: new Map(parts.map(({ blob, diffId }) => [diffId, blob])) };
}

function parseJson(bytes: Buffer, name: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    throw noCache(name);
  }
}

export function noCache(name: string): PlimsollError {
  return new PlimsollError('not-found', `there is no build cache in "${name}"`, {
    code: 'CACHE_NOT_FOUND',
    hint: 'write one with --cache-to, or build the image with --cache-to type=inline',
  });
}
