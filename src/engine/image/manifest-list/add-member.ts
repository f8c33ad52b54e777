import { isPlimsollError, PlimsollError } from '../../../errors.ts';
import {
  choosePlatform,
  type Descriptor,
  formatPlatform,
  hostPlatform,
  mayBeInRegistry,
  type Platform,
  parseImageConfig,
  parsePlatform,
  parseReference,
  platformsOf,
  type Reference,
  withDefaultTag,
} from '../../../oci/index.ts';
import type { FetchedManifest, RegistryClient } from '../../registry/index.ts';
import type { ImageContext } from '../context.ts';
import { resolveImage } from '../resolve-image.ts';
import type { AddManifestRequest, ManifestMember } from './types.ts';

/** What an image adds to an index: itself if it is here, else what a registry has under its name. */
export async function findMembers(
  context: ImageContext,
  request: AddManifestRequest,
): Promise<ManifestMember[]> {
  const { image: name, annotations = {} } = request;
  const local = request.all ? undefined : findLocal(context, name);
  if (local === undefined) return await findRemote(context, request);
  const platform = request.platform === undefined ? local.platform : parsePlatform(request.platform);
  return [{ name, image: local.image, platform, ...filled(annotations) }];
}

function findLocal(
  { records }: ImageContext,
  name: string,
): { image: string; platform: Platform } | undefined {
  try {
    const { id } = resolveImage(records, name);
    return { image: id, platform: plain(records.config(id)) };
  } catch (error) {
    if (isPlimsollError(error, 'not-found') && mayBeInRegistry(name)) return undefined;
    throw error;
  }
}

async function findRemote(context: ImageContext, request: AddManifestRequest): Promise<ManifestMember[]> {
  const { image: name, annotations = {}, signal } = request;
  using client = await context.registries.client(request);
  const reference = withDefaultTag(parseReference(name));
  const top = await client.manifest(reference, { signal });
  const repository = `${reference.domain}/${reference.path}`;
  const member = (descriptor: Descriptor, platform: Platform): ManifestMember => {
    const { platform: _, annotations: own = {}, ...rest } = descriptor;
    return {
      name,
      remote: { repository, descriptor: rest },
      platform,
      ...filled({ ...own, ...annotations }),
    };
  };
  if (top.document.kind === 'image') {
    const own = { mediaType: top.mediaType, digest: top.digest, size: top.bytes.length };
    const platform = request.platform === undefined ? undefined : parsePlatform(request.platform);
    return [member(own, platform ?? (await platformOf(client, reference, top, signal)))];
  }
  const { index } = top.document;
  if (request.all) {
    return index.manifests.map(one =>
      member(one, one.platform ?? { os: 'unknown', architecture: 'unknown' }),
    );
  }
  const wanted =
    request.platform === undefined ? hostPlatform(process.arch) : parsePlatform(request.platform);
  const chosen = choosePlatform(index, wanted);
  if (chosen !== undefined) return [member(chosen, chosen.platform ?? wanted)];
  throw new PlimsollError('not-found', `"${name}" has no image for ${formatPlatform(wanted)}`, {
    code: 'PLATFORM_NOT_FOUND',
    hint: `choose with --platform, or take them with --all: it has ${platformsOf(index).join(', ')}`,
  });
}

async function platformOf(
  client: RegistryClient,
  reference: Reference,
  { document }: FetchedManifest,
  signal: AbortSignal | undefined,
): Promise<Platform> {
  if (document.kind !== 'image') throw new TypeError('an index has several');
  const pieces: Buffer[] = [];
  for await (const piece of client.blob(reference, document.manifest.config, { signal })) pieces.push(piece);
  return plain(parseImageConfig(Buffer.concat(pieces)));
}

function plain({ os, architecture, variant }: Platform): Platform {
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

function filled(annotations: Readonly<Record<string, string>>): Pick<ManifestMember, 'annotations'> {
  return Object.keys(annotations).length === 0 ? {} : { annotations };
}
