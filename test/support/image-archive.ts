import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { canonicalJson, type Descriptor, mediaTypes } from '../../src/oci/index.ts';
import { sha256 } from './fake-registry.ts';
import { type LayerRoot, type Member, streamOf, tarOf } from './layer-root.ts';

/** A file of an archive: text is bytes as latin1, as `tarOf` wants them. */
function file(name: string, bytes: Uint8Array): Member {
  return { name, content: Buffer.from(bytes).toString('latin1') };
}

/** The tar of these files; unlike `tarOf`, also of bytes that are no text. */
export function archiveOf(
  files: Readonly<Record<string, Uint8Array>>,
  links: readonly Member[] = [],
): Buffer {
  const parts = Object.entries(files).map(([name, bytes]) => {
    const whole = tarOf({ ...file(name, bytes), content: 'x'.repeat(bytes.length) });
    Buffer.from(bytes).copy(whole, whole.length - 1024 - Math.ceil(bytes.length / 512) * 512);
    return whole.subarray(0, whole.length - 1024);
  });
  return Buffer.concat([...parts, tarOf(...links)]);
}

/** An image for an archive, with the files of its OCI layout. */
export interface ArchiveImage {
  readonly id: string;
  readonly manifest: Descriptor;
  readonly config: Buffer;
  readonly blobs: Readonly<Record<string, Buffer>>;
}

export interface ArchiveImageOptions {
  readonly architecture?: string;
  /** How each layer's tar is packed. */
  readonly pack?: (tar: Buffer) => Buffer;
  readonly layerType?: string;
  /** What the config says that the layers unpack to. */
  readonly diffIds?: readonly string[];
}

/** An image over these layer tars. */
export function archiveImage(tars: readonly Buffer[], options: ArchiveImageOptions = {}): ArchiveImage {
  const { architecture = 'amd64', pack = tar => tar, layerType = mediaTypes.layer } = options;
  const packed = tars.map(pack);
  const config = canonicalJson({
    architecture,
    os: 'linux',
    config: { Cmd: ['sh'] },
    rootfs: { type: 'layers', diff_ids: options.diffIds ?? tars.map(sha256) },
    history: [],
  });
  const manifest = canonicalJson({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: describe(config, mediaTypes.config),
    layers: packed.map(bytes => describe(bytes, layerType)),
  });
  const blobs = [config, manifest, ...packed].map(bytes => [blobName(sha256(bytes)), bytes] as const);
  return {
    id: sha256(config),
    manifest: describe(manifest, mediaTypes.manifest),
    config,
    blobs: Object.fromEntries(blobs),
  };
}

/** The files of an OCI layout with these members, and the blobs of these images. */
export function layoutOf(
  members: readonly object[],
  images: readonly ArchiveImage[],
): Readonly<Record<string, Buffer>> {
  return {
    'oci-layout': canonicalJson({ imageLayoutVersion: '1.0.0' }),
    'index.json': canonicalJson({ schemaVersion: 2, manifests: members }),
    ...Object.assign({}, ...images.map(({ blobs }) => blobs)),
  };
}

/** A descriptor with the name that podman and skopeo give it. */
export function named(descriptor: Descriptor, name: string): Descriptor {
  return { ...descriptor, annotations: { 'org.opencontainers.image.ref.name': name } };
}

export function describe(bytes: Buffer, mediaType: string): Descriptor {
  return { mediaType, digest: sha256(bytes), size: bytes.length };
}

export function blobName(digest: string): string {
  return `blobs/sha256/${digest.slice('sha256:'.length)}`;
}

/** What `save` writes. */
export async function saved(
  place: LayerRoot,
  names: readonly string[],
  format?: 'docker-archive' | 'oci-archive',
): Promise<Buffer> {
  return await buffer(await place.archives.save({ names, ...(format === undefined ? {} : { format }) }));
}

/** Loads an archive's bytes, in pieces that fit nothing. */
export async function load(place: LayerRoot, bytes: Uint8Array, platform?: string) {
  const archive = streamOf(Buffer.from(bytes), 70_001);
  return await place.archives.load({ archive, ...(platform === undefined ? {} : { platform }) });
}

/** A stream that gives some bytes and then nothing more, without an end. */
export function stalled(bytes: Buffer): Readable {
  const stream = new Readable({ read() {} });
  stream.push(bytes);
  return stream;
}
