import { PlimsollError } from '../errors.ts';
import { isDigest } from './digest.ts';
import type { Platform } from './image-config.ts';
import { type JsonReader, readJson } from './json-reader.ts';
import type { Descriptor, ImageIndex, Manifest } from './manifest.ts';
import { isIndexType, isManifestType } from './media-types.ts';

/** What a digest or a tag of a repository stands for. */
export type ManifestDocument =
  | { readonly kind: 'image'; readonly manifest: Manifest }
  | { readonly kind: 'index'; readonly index: ImageIndex };

/** Most bytes of a manifest, an index or an image config: the OCI distribution spec asks registries for 4 MiB. */
export const manifestLimit = 4 * 1024 * 1024;
/** Overlayfs takes some hundred lower folders; no honest image comes near. */
const layerLimit = 500;

/**
 * Reads the manifest or index that `mediaType` says the bytes are. A document that says another type of itself, or that
 * could be read as both, is refused (CVE-2021-41190). Throws `data-loss` (`BAD_DOCUMENT`), `not-implemented` for
 * Docker's schema 1 and unknown types.
 */
export function parseManifest(bytes: Uint8Array, mediaType: string): ManifestDocument {
  const type = mediaType.split(';')[0]?.trim() ?? '';
  if (!isIndexType(type) && !isManifestType(type)) throw unknownType(type);
  const what = isIndexType(type) ? 'the index' : 'the manifest';
  const json = readJson(bytes, what);
  const said = json.text('mediaType');
  if (said !== undefined && said !== type)
    throw bad(`${what} was served as ${type}, but says ${said} of itself`);
  if (json.integer('schemaVersion') !== 2) throw bad(`${what} has another schema version than 2`);
  if (json.has('manifests') && (json.has('config') || json.has('layers'))) {
    throw bad(`${what} is both an image and a list of images`);
  }
  return isIndexType(type)
    ? { kind: 'index', index: readIndex(json, type) }
    : { kind: 'image', manifest: readManifest(json, type) };
}

function readIndex(json: JsonReader, mediaType: string): ImageIndex {
  const manifests = json.objects('manifests');
  if (manifests === undefined) throw bad('the index lists no images');
  return {
    schemaVersion: 2,
    mediaType,
    manifests: manifests.map(readDescriptor),
    ...optional('annotations', json.pairs('annotations')),
  };
}

function readManifest(json: JsonReader, mediaType: string): Manifest {
  const config = json.object('config');
  if (config === undefined) throw bad('the manifest names no config');
  const layers = json.objects('layers') ?? [];
  if (layers.length > layerLimit) throw bad(`the image has ${layers.length} layers, more than ${layerLimit}`);
  const subject = json.object('subject');
  return {
    schemaVersion: 2,
    mediaType,
    config: readDescriptor(config),
    layers: layers.map(readDescriptor),
    ...optional('annotations', json.pairs('annotations')),
    ...optional('artifactType', json.text('artifactType')),
    ...(subject === undefined ? {} : { subject: readDescriptor(subject) }),
  };
}

function readDescriptor(json: JsonReader): Descriptor {
  const digest = json.text('digest') ?? '';
  const size = json.integer('size') ?? -1;
  const mediaType = json.text('mediaType');
  if (!isDigest(digest)) throw bad('a descriptor of it has no digest');
  if (size < 0) throw bad(`the size of ${digest} is missing or negative`);
  if (mediaType === undefined) throw bad(`the type of ${digest} is missing`);
  const platform = json.object('platform');
  return {
    mediaType,
    digest,
    size,
    ...optional('annotations', json.pairs('annotations')),
    ...optional('artifactType', json.text('artifactType')),
    ...(platform === undefined ? {} : { platform: readPlatform(platform) }),
  };
}

function readPlatform(json: JsonReader): Platform {
  const variant = json.text('variant');
  return {
    os: json.text('os') ?? 'unknown',
    architecture: json.text('architecture') ?? 'unknown',
    ...(variant === undefined || variant === '' ? {} : { variant }),
  };
}

function optional<K extends string, T>(key: K, value: T | undefined): { [key in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]: T });
}

function unknownType(type: string): PlimsollError {
  const old = type.includes('manifest.v1') || type.includes('prettyjws');
  const what = old
    ? "the image has a manifest of Docker's old schema 1"
    : `the registry answered with "${type}", which is no manifest`;
  return new PlimsollError('not-implemented', what, {
    code: 'UNKNOWN_MANIFEST_TYPE',
    hint: old
      ? 'its publisher must push it again with a newer tool'
      : 'check the name of the image and of the registry',
    data: { mediaType: type },
  });
}

function bad(what: string): PlimsollError {
  return new PlimsollError('data-loss', what, {
    code: 'BAD_DOCUMENT',
    hint: 'whoever published it has to mend it',
  });
}
