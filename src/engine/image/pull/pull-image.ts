import { isPlimsollError, PlimsollError } from '../../../errors.ts';
import { runTogether } from '../../../lib/run-together.ts';
import { createSlots } from '../../../lib/slots.ts';
import {
  familiarReference,
  formatPlatform,
  formatReference,
  hostPlatform,
  parsePlatform,
  type Reference,
  remoteCandidates,
} from '../../../oci/index.ts';
import type { RegistryClient } from '../../registry/index.ts';
import type { ImageContext } from '../context.ts';
import type { PulledImage, PullRequest, TransferProgress } from '../transfer-types.ts';
import { fetchLayer } from './fetch-layer.ts';
import { recordImage } from './record-image.ts';
import { type RemoteImage, resolveRemote } from './resolve-remote.ts';

/**
 * Registry image -> store. Everything is proven before it is used, and nothing has a name before all of it is here. What
 * an interrupted pull has downloaded, the next one goes on with.
 */
export async function pullImage(context: ImageContext, request: PullRequest): Promise<PulledImage> {
  const { search } = await context.registries.config();
  using client = await context.registries.client(request);
  const remote = await findRemote(client, remoteCandidates(request.name, search), request);
  const before = idOf(context, remote.reference);
  const { fetched, id } = await store(context, client, remote, request);
  return {
    id,
    reference: formatReference(remote.reference),
    digest: remote.top.digest,
    upToDate: before === id && !fetched,
    warnings: warningsOf(remote, request),
  };
}

/** The image of the first candidate that some registry has. */
async function findRemote(
  client: RegistryClient,
  candidates: readonly Reference[],
  { name, platform, signal, onProgress: _ }: PullRequest,
): Promise<RemoteImage> {
  const wanted = platform === undefined ? hostPlatform(process.arch) : parsePlatform(platform);
  const failures: unknown[] = [];
  for (const reference of candidates) {
    try {
      return await resolveRemote(client, reference, {
        platform: wanted,
        isStrict: platform !== undefined,
        signal,
      });
    } catch (error) {
      const mayBeElsewhere = ['not-found', 'unauthenticated', 'permission-denied', 'unavailable'] as const;
      if (!mayBeElsewhere.some(kind => isPlimsollError(error, kind))) throw error;
      failures.push(error);
    }
  }
  if (failures.length === 1) throw failures[0];
  const places = candidates.map(({ domain }) => domain).join(', ');
  throw new PlimsollError('not-found', `none of ${places || 'no registry'} has an image "${name}"`, {
    code: 'IMAGE_NOT_FOUND',
    hint: 'check the name, or write the registry before it: registry.example/name',
    cause: failures[0],
  });
}

async function store(
  context: ImageContext,
  client: RegistryClient,
  remote: RemoteImage,
  { signal, onProgress, parallel = 4, keepName = false }: PullRequest,
): Promise<{ fetched: boolean; id: string }> {
  const { reference, layers } = remote;
  let fetched = false;
  const tell = (event: TransferProgress) => {
    if (event.kind === 'layer' && event.state === 'pulled') fetched = true;
    onProgress?.(event);
  };
  const unique = [...new Map(layers.map(layer => [layer.diffId, layer])).values()];
  tell({ kind: 'began', name: familiarReference(reference), layers: unique.map(({ blob }) => blob) });
  const downloadSlots = createSlots(parallel);
  using held = new DisposableStack();
  await runTogether(
    unique.map(layer => async stop => {
      held.use(await fetchLayer(context, { client, reference, ...layer, downloadSlots, tell, signal: stop }));
    }),
    signal,
  );
  const { top, manifest, manifestBytes, config, configBytes } = remote;
  const id = recordImage(context, {
    configBytes,
    layers: config.rootfs.diff_ids,
    created: config.created,
    manifest: { bytes: manifestBytes, mediaType: manifest.mediaType },
    ...(top.document.kind === 'index' ? { index: top } : {}),
    reference,
    keepName,
    origin: 'pull',
  });
  return { fetched, id };
}

function idOf({ records }: ImageContext, reference: Reference): string | undefined {
  return records.find(formatReference(reference))[0];
}

function warningsOf({ otherPlatform }: RemoteImage, { name }: PullRequest): string[] {
  if (otherPlatform === undefined) return [];
  const here = formatPlatform(hostPlatform(process.arch));
  return [`the image "${name}" is for ${otherPlatform}, and this machine is ${here}`];
}
