import { PlimsollError } from '../../../errors.ts';
import {
  type Descriptor,
  type ImageConfig,
  isConfigType,
  isForeignLayerType,
  isLayerType,
  type Manifest,
} from '../../../oci/index.ts';

/** A layer as an image has it: `diffId` is what the blob must unpack to. */
export interface LayerPart {
  readonly blob: Descriptor;
  readonly diffId: string;
}

/**
 * Throws `not-implemented` for charts, signatures and other artifacts that are no images, and for layers that may not be
 * handed on or cannot be unpacked; each is named.
 */
export function refuseOthers({ config, layers }: Manifest, name: string): void {
  if (!isConfigType(config.mediaType)) {
    throw new PlimsollError(
      'not-implemented',
      `"${name}" is no container image but a "${config.mediaType}"`,
      {
        code: 'NOT_AN_IMAGE',
        hint: 'fetch it with the tool that it was made for',
        data: { mediaType: config.mediaType },
      },
    );
  }
  for (const { mediaType, digest } of layers) {
    if (isForeignLayerType(mediaType)) {
      throw new PlimsollError(
        'not-implemented',
        `"${name}" has a foreign layer, which its registry does not serve`,
        {
          code: 'FOREIGN_LAYER',
          hint: 'images for Windows have such layers: choose another image, or another --platform',
          data: { mediaType, digest },
        },
      );
    }
    if (!isLayerType(mediaType)) {
      const what = mediaType.includes('encrypted') ? 'an encrypted layer' : `a layer of type "${mediaType}"`;
      throw new PlimsollError('not-implemented', `"${name}" has ${what}, which plimsoll cannot unpack`, {
        code: 'UNKNOWN_LAYER_TYPE',
        hint: 'ask its publisher for layers that are tars, packed with gzip, zstd or not at all',
        data: { mediaType, digest },
      });
    }
    if (!digest.startsWith('sha256:'))
      throw badImage(name, 'a layer of it has a digest of another kind than sha256');
  }
  if (!config.digest.startsWith('sha256:')) {
    throw badImage(name, 'its config has a digest of another kind than sha256');
  }
}

/** The layers of a manifest with what its config says of them, base first. Throws `data-loss` (`BAD_IMAGE`). */
export function pairLayers({ layers }: Manifest, config: ImageConfig, name: string): readonly LayerPart[] {
  const { diff_ids } = config.rootfs;
  if (layers.length !== diff_ids.length) {
    throw badImage(name, `it has ${layers.length} layers, but its config names ${diff_ids.length}`);
  }
  return layers.map((blob, index) => ({ blob, diffId: diff_ids[index] ?? '' }));
}

/** The error for an image that contradicts itself; `why` is a clause. */
export function badImage(name: string, why: string): PlimsollError {
  return new PlimsollError('data-loss', `the image "${name}" cannot be used: ${why}`, {
    code: 'BAD_IMAGE',
    hint: 'whoever published it has to mend it',
  });
}
