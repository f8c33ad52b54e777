import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type Descriptor, dockerMediaTypes, mediaTypes } from '../../src/oci/index.ts';
import { type FakeRegistry, sha256 } from './fake-registry.ts';

/** How a publisher packs a layer. */
export type Packing = 'none' | 'gzip' | 'zstd';

/** An image as it stands in a registry. */
export interface PublishedImage {
  /** Digest of its config. */
  readonly id: string;
  readonly manifest: Descriptor;
  readonly config: Buffer;
  readonly layers: readonly { readonly diffId: string; readonly tar: Buffer; readonly blob: Descriptor }[];
}

const types = { none: mediaTypes.layer, gzip: mediaTypes.layerGzip, zstd: mediaTypes.layerZstd } as const;

export interface PublishOptions {
  readonly packing?: Packing;
  /** Docker's media types. */
  readonly docker?: boolean;
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
  /** The media type of the layers. */
  readonly layerType?: string;
  readonly configType?: string;
  /** Changes the config before it is published. */
  readonly config?: object;
}

/** Publishes an image of these layer tars, base first. */
export function publish(
  registry: FakeRegistry,
  name: string,
  tars: readonly Buffer[],
  options: PublishOptions = {},
): PublishedImage {
  const { packing = 'gzip', docker = false, platform = { os: 'linux', architecture: 'amd64' } } = options;
  const names = docker ? dockerMediaTypes : mediaTypes;
  const layerType = options.layerType ?? (docker ? names.layerGzip : types[packing]);
  const layers = tars.map(tar => ({
    diffId: sha256(tar),
    tar,
    blob: registry.addBlob(packed(tar, packing), layerType),
  }));
  const config = Buffer.from(
    JSON.stringify({
      ...platform,
      created: '2026-01-02T03:04:05Z',
      config: { Env: ['PATH=/bin'], Cmd: ['sh'] },
      rootfs: { type: 'layers', diff_ids: layers.map(layer => layer.diffId) },
      history: layers.map((_, index) => ({ created_by: `layer ${index}` })),
      unknown: 'kept in the bytes',
      ...options.config,
    }),
  );
  const [repository = '', tag = 'latest'] = name.split(':');
  const manifest = {
    schemaVersion: 2,
    mediaType: names.manifest,
    config: registry.addBlob(config, options.configType ?? names.config),
    layers: layers.map(layer => layer.blob),
  };
  return {
    id: sha256(config),
    manifest: registry.addManifest(repository, tag, manifest, names.manifest),
    config,
    layers,
  };
}

function packed(tar: Buffer, packing: Packing): Buffer {
  if (packing === 'none') return tar;
  return packing === 'gzip' ? gzipSync(tar) : zstdCompressSync(tar);
}
