import type { DiskCategory, DiskUsage, Engine, EngineLink } from '../engine/index.ts';
import { removeEach } from '../lib/remove-each.ts';
import { JsonFields } from '../wire/index.ts';
import type { ApiClient } from './client.ts';
import { pruneFilters } from './containers.ts';
import type { Mirror } from './mirror.ts';
import { refuse } from './refuse.ts';

type Parts = Pick<Engine, 'containers' | 'images' | 'networks' | 'volumes' | 'builds'>;

/** An engine elsewhere as a whole: what it says of itself, and of its disk. */
export function createSystem(
  client: ApiClient,
  mirror: Mirror,
  parts: Parts,
  lacks: EngineLink['lacks'],
): Engine['system'] {
  const unusedNetworks = () => {
    const wanted = new Set(
      mirror
        .containers()
        .flatMap(({ network, spec }) => [network, ...(spec.attachments ?? []).map(each => each.network)]),
    );
    return mirror
      .networks()
      .filter(({ name, id, containers }) => {
        const builtIn = ['bridge', 'host', 'none', 'podman'].includes(name);
        return !builtIn && Object.keys(containers).length === 0 && !wanted.has(name) && !wanted.has(id);
      })
      .map(({ name }) => name);
  };
  return {
    info() {
      const info = mirror.info();
      const all = mirror.containers();
      const count = (status: string) => all.filter(({ state }) => state.status === status).length;
      const [running, paused] = [count('running'), count('paused')];
      return {
        root: {
          id: info.text('ID') ?? '',
          dataDir: info.text('DockerRootDir') ?? '',
          runDir: '',
          // Only ours means by it that nothing can be run: other engines' users without root can run all the same.
          rootless: false,
        },
        runtime: info.text('DefaultRuntime') ?? '',
        cgroupVersion: info.text('CgroupVersion') === '2' ? 'v2' : 'v1',
        containers: { running, paused, stopped: all.length - running - paused },
        images: mirror.images().length,
        networking: '',
      };
    },
    storage: async () => ({ driver: mirror.info().text('Driver') ?? '' }),
    check: async () => refuse(lacks, 'check'),
    diskUsage: async ({ signal } = {}) =>
      readDiskUsage(new JsonFields(await client.json('GET', '/system/df', { signal })), mirror),
    unusedNetworks,
    async prune({ all = false, volumes = false, ...options } = {}) {
      const containers = await parts.containers.prune(options);
      const networks = await removeEach(unusedNetworks(), name => parts.networks.remove(name));
      const images = await parts.images.prune({ ...options, all });
      const cache = await parts.builds.pruneCache({});
      const filters = pruneFilters(options);
      const answer = volumes ? await client.json('POST', '/volumes/prune', { query: { filters } }) : {};
      await mirror.refreshVolumes();
      const pruned = new JsonFields(answer ?? {});
      return {
        containers: containers.deleted,
        networks,
        volumes: pruned.texts('VolumesDeleted') ?? [],
        images: images.deleted,
        cacheRecords: cache.records,
        orphans: [],
        reclaimedBytes:
          containers.reclaimedBytes +
          images.reclaimedBytes +
          cache.reclaimedBytes +
          (pruned.number('SpaceReclaimed') ?? 0),
      };
    },
  };
}

function readDiskUsage(df: JsonFields, mirror: Mirror): DiskUsage {
  const images = df.objects('Images').map(each => {
    const [sizeBytes, sharedBytes] = [each.number('Size') ?? 0, Math.max(0, each.number('SharedSize') ?? 0)];
    return {
      id: (each.text('Id') ?? '').replace(/^(?=[0-9a-f]{64}$)/, 'sha256:'), // Podman leaves it out
      sizeBytes,
      sharedBytes,
      uniqueBytes: Math.max(0, sizeBytes - sharedBytes),
      containers: Math.max(0, each.number('Containers') ?? 0),
    };
  });
  const containers = df.objects('Containers').map(each => ({
    id: each.text('Id') ?? '',
    sizeBytes: each.number('SizeRw') ?? 0,
    runs: each.text('State') === 'running',
  }));
  const volumes = df.objects('Volumes').map(each => {
    const usage = each.object('UsageData');
    return {
      name: each.text('Name') ?? '',
      sizeBytes: Math.max(0, usage.number('Size') ?? 0),
      users: usage.number('RefCount') ?? 0,
    };
  });
  const cache = df
    .objects('BuildCache')
    .map(each => ({ sizeBytes: each.number('Size') ?? 0, inUse: each.flag('InUse') ?? false }));
  const layers = df.number('LayersSize') ?? sum(images.map(each => each.uniqueBytes));
  const categories: DiskCategory[] = [
    category('images', images, each => each.containers > 0, {
      sizeBytes: layers,
      reclaimableBytes: sum(images.filter(each => each.containers === 0).map(each => each.uniqueBytes)),
    }),
    category('containers', containers, each => each.runs),
    category('volumes', volumes, each => each.users > 0),
    category('cache', cache, each => each.inUse),
  ];
  return {
    root: mirror.info().text('DockerRootDir') ?? '',
    totalBytes: sum(categories.map(each => each.sizeBytes)),
    categories,
    images,
    containers: containers.map(({ id, sizeBytes }) => ({ id, sizeBytes })),
    volumes: volumes.map(({ name, sizeBytes }) => ({ name, sizeBytes })),
    orphans: [],
  };
}

function category<T extends { readonly sizeBytes: number }>(
  kind: DiskCategory['kind'],
  all: readonly T[],
  isActive: (one: T) => boolean,
  sizes?: Pick<DiskCategory, 'sizeBytes' | 'reclaimableBytes'>,
): DiskCategory {
  const own = {
    sizeBytes: sum(all.map(each => each.sizeBytes)),
    reclaimableBytes: sum(all.filter(each => !isActive(each)).map(each => each.sizeBytes)),
  };
  return { kind, count: all.length, active: all.filter(isActive).length, ...(sizes ?? own) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
