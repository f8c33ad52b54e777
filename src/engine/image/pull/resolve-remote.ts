import { PlimsollError } from '../../../errors.ts';
import {
  choosePlatform,
  type Descriptor,
  familiarReference,
  fitsPlatform,
  formatPlatform,
  type ImageConfig,
  isConfigType,
  isForeignLayerType,
  isLayerType,
  type Manifest,
  manifestLimit,
  type Platform,
  parseImageConfig,
  platformsOf,
  type Reference,
} from '../../../oci/index.ts';
import type { FetchedManifest, RegistryClient, TransferOptions } from '../../registry/index.ts';

/** An image in a registry, known down to its config; nothing of its layers was asked for yet. */
export interface RemoteImage {
  readonly reference: Reference;
  /** What the reference stands for: the image's manifest, or an index that leads to it. */
  readonly top: FetchedManifest;
  readonly manifest: Manifest;
  readonly manifestBytes: Buffer;
  readonly manifestDigest: string;
  readonly config: ImageConfig;
  readonly configBytes: Buffer;
  /** Base first; `diffId` is what the blob must unpack to. */
  readonly layers: readonly { readonly blob: Descriptor; readonly diffId: string }[];
  /** Set if the image is for another platform than was meant, which only an image outside an index can be. */
  readonly otherPlatform?: string;
}

export interface RemoteRequest extends TransferOptions {
  readonly platform: Platform;
  /** The platform was asked for by name: another one is an error. */
  readonly isStrict: boolean;
}

/** Looks an image up and reads its manifest and config. Throws `not-found`, `not-implemented` for what is no image. */
export async function resolveRemote(
  client: RegistryClient,
  reference: Reference,
  request: RemoteRequest,
): Promise<RemoteImage> {
  const { platform, isStrict, ...transfer } = request;
  const top = await client.manifest(reference, transfer);
  const found = await descend(client, reference, top, request);
  const { manifest } = found;
  const name = familiarReference(reference);
  refuseOthers(manifest, name);
  const configBytes = await readConfig(client, reference, manifest.config, transfer);
  const config = parseImageConfig(configBytes);
  const fits = fitsPlatform(config, platform);
  if (!fits && isStrict) throw noPlatform(name, platform, [formatPlatform(config)]);
  return {
    reference,
    top,
    manifest,
    manifestBytes: found.bytes,
    manifestDigest: found.digest,
    config,
    configBytes,
    layers: pairLayers(manifest, config, name),
    ...(fits ? {} : { otherPlatform: formatPlatform(config) }),
  };
}

interface Found {
  readonly manifest: Manifest;
  readonly bytes: Buffer;
  readonly digest: string;
}

/** From an index to the image of the platform; an index may name another one. */
async function descend(
  client: RegistryClient,
  reference: Reference,
  top: FetchedManifest,
  { platform, isStrict: _, ...transfer }: RemoteRequest,
): Promise<Found> {
  const name = familiarReference(reference);
  let at = top;
  for (let depth = 0; at.document.kind === 'index'; depth++) {
    const { index } = at.document;
    const chosen = choosePlatform(index, platform);
    if (chosen === undefined || depth === 3) throw noPlatform(name, platform, platformsOf(index));
    const { domain, path } = reference;
    at = await client.manifest({ domain, path, digest: chosen.digest }, transfer);
  }
  return { manifest: at.document.manifest, bytes: at.bytes, digest: at.digest };
}

async function readConfig(
  client: RegistryClient,
  reference: Reference,
  descriptor: Descriptor,
  transfer: TransferOptions,
): Promise<Buffer> {
  if (descriptor.size > manifestLimit) {
    throw badImage(
      familiarReference(reference),
      `its config has ${descriptor.size} bytes, more than ${manifestLimit}`,
    );
  }
  const pieces: Buffer[] = [];
  for await (const piece of client.blob(reference, descriptor, transfer)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Charts, signatures and other artifacts are no images; some layers may not be handed on. Each is named. */
function refuseOthers({ config, layers }: Manifest, name: string): void {
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

function pairLayers({ layers }: Manifest, config: ImageConfig, name: string): RemoteImage['layers'] {
  const { diff_ids } = config.rootfs;
  if (layers.length !== diff_ids.length) {
    throw badImage(name, `it has ${layers.length} layers, but its config names ${diff_ids.length}`);
  }
  return layers.map((blob, index) => ({ blob, diffId: diff_ids[index] ?? '' }));
}

function noPlatform(name: string, wanted: Platform, offered: readonly string[]): PlimsollError {
  const there = offered.length === 0 ? 'nothing that runs anywhere' : offered.join(', ');
  return new PlimsollError(
    'not-found',
    `"${name}" has no image for ${formatPlatform(wanted)}; it has ${there}`,
    {
      code: 'PLATFORM_NOT_FOUND',
      hint: 'choose one with --platform',
      data: { name, wanted: formatPlatform(wanted), offered },
    },
  );
}

function badImage(name: string, why: string): PlimsollError {
  return new PlimsollError('data-loss', `the image "${name}" cannot be used: ${why}`, {
    code: 'BAD_IMAGE',
    hint: 'whoever published it has to mend it',
  });
}
