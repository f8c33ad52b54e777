import type { FastifyInstance } from 'fastify';
import type { CacheLimits, CacheRecord, Engine } from '../../engine/index.ts';
import {
  badRequest,
  containerSummaryJson,
  formatTime,
  imageSummaryJson,
  JsonFields,
  parseFilters,
  parseFilterTime,
  sizesOf,
  surroundingsOf,
  volumeJson,
} from '../../wire/index.ts';
import { minorVersionOf } from '../api-version.ts';
import { Query } from '../query.ts';

type Parts = Pick<
  Engine,
  'images' | 'containers' | 'files' | 'volumes' | 'networks' | 'builds' | 'registries'
>;

/** What takes room, the cache of builds, and the check of a login. */
export function diskRoutes(app: FastifyInstance, engine: Parts): void {
  app.get('/system/df', async request => {
    const wanted = objectsOf(new Query(request.query));
    return await usage(engine, wanted, minorVersionOf(request.originalUrl));
  });
  app.post('/build/prune', async request => {
    const query = new Query(request.query);
    const filters = parseFilters(query.text('filters'), ['until', 'unused-for', 'all']);
    const until = filters.get('until')?.[0] ?? filters.get('unused-for')?.[0];
    const before = await engine.builds.cacheUsage();
    const unusedForMs =
      until === undefined ? undefined : Math.max(0, Date.now() - parseFilterTime(until, Date.now()));
    const { reclaimedBytes } = await engine.builds.pruneCache({
      ...(unusedForMs === undefined ? {} : { unusedForMs }),
      ...limitsOf(query),
    });
    const left = new Set((await engine.builds.cacheUsage()).map(({ id }) => id));
    return {
      CachesDeleted: before.map(({ id }) => id).filter(id => !left.has(id)),
      SpaceReclaimed: reclaimedBytes,
    };
  });
  app.post('/auth', async request => {
    const fields = new JsonFields(request.body ?? {});
    const [username, password] = [fields.words('username'), fields.words('password')];
    if (username === undefined || password === undefined)
      throw badRequest('username and password are missing');
    const address = fields.words('serveraddress') ?? 'docker.io';
    const registry = /^https:\/\/index\.docker\.io/.test(address)
      ? 'docker.io'
      : address.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
    await engine.registries.checkLogin({ registry, username, password });
    return { Status: 'Login Succeeded', IdentityToken: '' };
  });
}

/** Docker's clients send 0 for what nobody has asked for. */
function limitsOf(query: Query): CacheLimits {
  const asked = (name: string) => query.integer(name) || undefined;
  const [maxUsedBytes, minFreeBytes] = [asked('max-used-space'), asked('min-free-space')];
  const reservedBytes = asked('reserved-space') ?? asked('keep-storage');
  return {
    ...(maxUsedBytes === undefined ? {} : { maxUsedBytes }),
    ...(reservedBytes === undefined ? {} : { reservedBytes }),
    ...(minFreeBytes === undefined ? {} : { minFreeBytes }),
  };
}

/** Layers that several images have count once. */
function layerBytes(engine: Parts, images: readonly { readonly id: string }[]): number {
  const layers = images.flatMap(({ id }) => engine.images.inspect(id).layers);
  const sizes = new Map(layers.map(({ diffId, sizeBytes }) => [diffId, sizeBytes]));
  return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
}

const objects = ['container', 'image', 'volume', 'build-cache'] as const;

/** What a client wants to know of; throws `invalid-argument` for what there is not. */
function objectsOf(query: Query): ReadonlySet<string> {
  const types = query.texts('type');
  const unknown = types.find(type => !objects.some(each => each === type));
  if (unknown !== undefined) throw badRequest(`unknown object type: ${unknown}`);
  return new Set(types.length === 0 ? objects : types);
}

/** Lists of what is not wanted are empty, and nothing of it is looked at. */
async function usage(engine: Parts, wanted: ReadonlySet<string>, minor: number): Promise<object> {
  const images = wanted.has('image') ? engine.images.list() : [];
  const containers = wanted.has('container') ? engine.containers.list({ all: true }) : [];
  const sizes = await sizesOf(engine, containers, true);
  const common = { ...surroundingsOf(engine), now: Date.now() };
  const cache = wanted.has('build-cache') ? countedOnce(await engine.builds.cacheUsage()) : [];
  const volumes = wanted.has('volume') ? engine.volumes.list() : [];
  const volumeSizes = await engine.volumes.sizes(volumes.map(({ name }) => name));
  return {
    LayersSize: layerBytes(engine, images),
    Images: images.map(image => ({
      ...imageSummaryJson(image, minor),
      SharedSize: image.sizeBytes - image.uniqueBytes,
    })),
    Containers: containers.map(each => containerSummaryJson(each, { ...common, sizes: sizes.get(each.id) })),
    Volumes: volumes.map(volume => ({
      ...volumeJson(volume),
      UsageData: { Size: volumeSizes.get(volume.name) ?? -1, RefCount: volume.containers.length },
    })),
    BuildCache: cache.map(({ id, kind, description, sizeBytes, created, lastUsed, inUse, shared }) => ({
      ID: id,
      Type: kind === 'mount' ? 'exec.cachemount' : 'regular',
      Description: description,
      InUse: inUse,
      Shared: shared,
      Size: sizeBytes,
      CreatedAt: formatTime(created),
      LastUsedAt: formatTime(lastUsed),
      UsageCount: 1,
    })),
    BuilderSize: cache.reduce((sum, { sizeBytes, shared }) => (shared ? sum : sum + sizeBytes), 0),
  };
}

/** Clients add up what is not shared, so that of records with one layer only the first may be. */
function countedOnce(records: readonly CacheRecord[]): CacheRecord[] {
  const seen = new Set<string>();
  return records.map(record => {
    const shared = record.shared || (record.layer !== undefined && seen.has(record.layer));
    seen.add(record.layer ?? '');
    return { ...record, shared };
  });
}
