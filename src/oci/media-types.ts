/** Media types of the OCI image spec that plimsoll writes. */
export const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
} as const;

/** Docker's own media types (image manifest v2, schema 2), which plimsoll reads, and hands on as they came. */
export const dockerMediaTypes = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  index: 'application/vnd.docker.distribution.manifest.list.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar',
  layerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  layerZstd: 'application/vnd.docker.image.rootfs.diff.tar.zstd',
} as const;

const manifests: readonly string[] = [mediaTypes.manifest, dockerMediaTypes.manifest];
const indexes: readonly string[] = [mediaTypes.index, dockerMediaTypes.index];
const configs: readonly string[] = [mediaTypes.config, dockerMediaTypes.config];
const layers: readonly string[] = [mediaTypes, dockerMediaTypes].flatMap(types => [
  types.layer,
  types.layerGzip,
  types.layerZstd,
]);

/** True for a list of images, one for each platform. */
export function isIndexType(mediaType: string): boolean {
  return indexes.includes(mediaType);
}

/** True for the manifest of one image. */
export function isManifestType(mediaType: string): boolean {
  return manifests.includes(mediaType);
}

/** True for the config of an image, as against that of a chart, a signature or another artifact. */
export function isConfigType(mediaType: string): boolean {
  return configs.includes(mediaType);
}

/** True for a layer that can be unpacked. */
export function isLayerType(mediaType: string): boolean {
  return layers.includes(mediaType);
}

/** True for a layer that its publisher allows nobody to hand on: it stands at a URL of its own, if anywhere. */
export function isForeignLayerType(mediaType: string): boolean {
  return mediaType.includes('.rootfs.foreign.') || mediaType.includes('.layer.nondistributable.');
}

/** What to ask a registry for, in order of choice. */
export const acceptedManifests: readonly string[] = [...indexes, ...manifests];
