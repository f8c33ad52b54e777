import type { ImageConfig } from '../../../oci/index.ts';
import { hostPlatform } from '../../../oci/index.ts';
import type { SnapshotService } from '../../snapshot/index.ts';
import type { BootstrapRequest, CreateImageRequest } from '../types.ts';
import { type BaseLayer, busyboxLayer } from './busybox.ts';
import { distributionLayer } from './distribution.ts';
import { type BootstrapSource, parseBootstrapSource } from './source.ts';

export interface BootstrapContext {
  readonly snapshots: SnapshotService;
  readonly create: (request: CreateImageRequest) => string;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** Makes a base image from what the machine has, and returns its id; see `BootstrapRequest`. */
export async function bootstrapImage(
  { snapshots, create, clock }: BootstrapContext,
  request: BootstrapRequest,
): Promise<string> {
  const source = parseBootstrapSource(request.source);
  const base = await baseLayer(snapshots, source, request, clock);
  using layer = base.layer;
  const references = [`localhost/${nameOf(source)}`, ...(request.tag === undefined ? [] : [request.tag])];
  return create({
    config: baseConfig(source, layer.diffId, base.created),
    references,
    origin: 'import',
  });
}

async function baseLayer(
  snapshots: SnapshotService,
  source: BootstrapSource,
  request: BootstrapRequest,
  clock: () => number,
): Promise<BaseLayer> {
  const abort = request.signal === undefined ? {} : { signal: request.signal };
  if (source.kind === 'busybox') {
    return await busyboxLayer(snapshots, { searchPath: process.env.PATH ?? '', ...abort });
  }
  const onProgress = request.onProgress ?? (() => {});
  const layer = await distributionLayer(snapshots, source, { onProgress, ...abort });
  return { layer, created: Math.floor(clock() / 1000) };
}

function nameOf(source: BootstrapSource): string {
  return source.kind === 'busybox' ? 'busybox:latest' : `${source.distribution}:${source.suite}`;
}

function baseConfig(source: BootstrapSource, diffId: string, createdSeconds: number): ImageConfig {
  const created = new Date(createdSeconds * 1000).toISOString();
  return {
    created,
    ...hostPlatform(process.arch),
    config: {
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      Cmd: [source.kind === 'busybox' ? 'sh' : 'bash'],
    },
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [{ created, created_by: `plimsoll image bootstrap ${nameOf(source)}` }],
  };
}
