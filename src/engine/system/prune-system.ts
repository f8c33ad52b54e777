import { throwIfAborted } from '../../errors.ts';
import { matchesLabel } from '../../lib/matches-label.ts';
import { removeEach } from '../../lib/remove-each.ts';
import type { BuildKeeper } from '../build/index.ts';
import type { ContainerService } from '../container/index.ts';
import type { ImageService } from '../image/index.ts';
import type { Network, NetworkService } from '../network/index.ts';
import type { Volume, VolumeService } from '../volume/index.ts';
import { measureUnits } from './disk/measure-units.ts';
import { type SweepParts, sweepOrphans } from './disk/sweep-orphans.ts';
import type { SystemPruned, SystemPruneRequest } from './types.ts';

export interface PruneParts extends SweepParts {
  readonly images: ImageService;
  readonly containers: ContainerService;
  readonly networks: NetworkService;
  readonly volumes: VolumeService;
  readonly builds: BuildKeeper;
}

/** See `SystemService.prune`. Containers before what they use: it is free then. */
export async function pruneSystem(parts: PruneParts, request: SystemPruneRequest): Promise<SystemPruned> {
  const { all = false, signal, volumes: withVolumes = false, ...conditions } = request;
  const goOn = () => throwIfAborted(signal, 'pruning');
  const orphans = await sweepOrphans(parts, signal);
  goOn();
  const containers = await parts.containers.prune(conditions);
  goOn();
  const unused = unusedNetworks(parts).filter(network => isMeant(network, conditions));
  const networks = await removeEach(unused, ({ name }) => parts.networks.remove(name));
  goOn();
  const volumes = withVolumes
    ? await pruneVolumes(parts.volumes, conditions)
    : { deleted: [], reclaimedBytes: 0 };
  goOn();
  const cache = await pruneCache(parts.builds, all, conditions);
  goOn();
  const images = await parts.images.prune({ all, ...conditions });
  const freed = [containers, volumes, cache, images].map(({ reclaimedBytes }) => reclaimedBytes);
  const swept = orphans.map(({ sizeBytes }) => sizeBytes);
  return {
    containers: containers.deleted,
    networks: networks.map(({ name }) => name),
    volumes: volumes.deleted,
    images: images.deleted,
    cacheRecords: cache.records,
    orphans,
    reclaimedBytes: [...freed, ...swept].reduce((sum, bytes) => sum + bytes, 0),
  };
}

/** Networks that no container, running or not, wants to be on; the built-in ones are never unused. */
export function unusedNetworks({
  containers,
  networks,
}: {
  readonly containers: ContainerService;
  readonly networks: NetworkService;
}): Network[] {
  const wanted = new Set(
    containers.list({ all: true }).flatMap(({ id }) => {
      const { spec } = containers.inspect(id);
      return [spec.network, ...(spec.attachments ?? []).map(({ network }) => network)];
    }),
  );
  return networks
    .list()
    .filter(({ name }) => !['bridge', 'host', 'none'].includes(name) && !wanted.has(name));
}

type Conditions = Pick<SystemPruneRequest, 'until' | 'labels' | 'withoutLabels'>;

/** Volumes with a name were made to stay. */
async function pruneVolumes(
  service: VolumeService,
  conditions: Conditions,
): Promise<{ deleted: string[]; reclaimedBytes: number }> {
  const unused = service
    .list()
    .filter(volume => volume.anonymous && volume.containers.length === 0 && isMeant(volume, conditions));
  let reclaimedBytes = 0;
  const removed = await removeEach(unused, async ({ name, path }) => {
    const units = await measureUnits(path);
    await service.remove(name);
    reclaimedBytes += [...units.values()].reduce((sum, bytes) => sum + bytes, 0);
  });
  return { deleted: removed.map(({ name }) => name), reclaimedBytes };
}

/** The cache has no labels: with a condition on them nothing of it is meant. */
async function pruneCache(
  builds: BuildKeeper,
  all: boolean,
  { until, labels, withoutLabels }: Conditions,
): Promise<{ records: number; reclaimedBytes: number }> {
  if (labels !== undefined || withoutLabels !== undefined) return { records: 0, reclaimedBytes: 0 };
  const meant = (await builds.cacheUsage()).filter(
    record => (all || !record.shared) && (until === undefined || record.lastUsed < until),
  );
  return meant.length === 0
    ? { records: 0, reclaimedBytes: 0 }
    : await builds.pruneCache({ ids: meant.map(({ id }) => id) });
}

function isMeant(
  { created, labels: own }: Pick<Network | Volume, 'created' | 'labels'>,
  { until, labels = [], withoutLabels = [] }: Conditions,
): boolean {
  return (
    (until === undefined || created < until) &&
    labels.every(label => matchesLabel(own, label)) &&
    !withoutLabels.some(label => matchesLabel(own, label))
  );
}
