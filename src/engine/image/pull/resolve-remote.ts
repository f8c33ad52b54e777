import { PlimsollError } from '../../../errors.ts';
import {
  choosePlatform,
  type Descriptor,
  familiarReference,
  fitsPlatform,
  formatPlatform,
  type ImageConfig,
  type Manifest,
  manifestLimit,
  type Platform,
  parseImageConfig,
  platformsOf,
  type Reference,
} from '../../../oci/index.ts';
import type { FetchedManifest, RegistryClient, TransferOptions } from '../../registry/index.ts';
import { badImage, type LayerPart, pairLayers, refuseOthers } from '../content/image-parts.ts';

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
  /** Base first. */
  readonly layers: readonly LayerPart[];
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
