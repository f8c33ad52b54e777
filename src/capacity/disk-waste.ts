import type {
  CacheRecord,
  ContainerSummary,
  DiskUsage,
  EngineEvent,
  ImageSummary,
  Volume,
} from '../engine/index.ts';
import { shellWord } from '../lib/shell-word.ts';
import type { QuietContainer } from './quiet-containers.ts';

/** Something on the disk that nobody seems to need. */
export interface DiskWaste {
  readonly kind:
    | 'image without a name'
    | 'image without a container'
    | 'stopped container'
    | 'forgotten project'
    | 'idle container'
    | 'volume without a container'
    | 'build cache'
    | 'fat log'
    | 'interrupted downloads'
    | 'orphans';
  readonly name: string;
  readonly bytes: number;
  /** What it holds of the memory, where it runs. */
  readonly memoryBytes?: number;
  /** Milliseconds since the epoch; absent where nobody has written that down. */
  readonly lastUsed?: number;
  /** What frees it, as a command line. */
  readonly command: string;
}

/** What is on the disk, and what is known of its use. */
export interface DiskFacts {
  readonly usage: DiskUsage;
  readonly images: readonly ImageSummary[];
  readonly containers: readonly Pick<ContainerSummary, 'id' | 'name' | 'state' | 'labels' | 'created'>[];
  readonly volumes: readonly Volume[];
  readonly cache: readonly CacheRecord[];
  /** Bytes of the log of each container, rotated parts with it, by id. */
  readonly logs: ReadonlyMap<string, number>;
  readonly events: readonly EngineEvent[];
  /** Containers that run, though nobody uses them. */
  readonly quiet: ReadonlyMap<string, QuietContainer>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A log of that size is worth a word, and a project that has not run for so long. */
const fatLogBytes = 64 * 1024 ** 2;
const forgottenMs = 7 * 86_400_000;
const projectLabel = 'com.docker.compose.project';

/**
 * What could be freed on the disk, the largest first: images that no container has, stopped containers (those of one
 * project together, when that has not run for a week, or runs and nobody uses it), volumes that no container has, the cache of builds, fat logs, and
 * what was left behind. Images are counted by what only they have.
 */
export function diskWaste(facts: DiskFacts): DiskWaste[] {
  const all = [
    ...imageWaste(facts),
    ...containerWaste(facts),
    ...volumeWaste(facts),
    ...cacheWaste(facts),
    ...logWaste(facts),
    ...leftovers(facts),
  ];
  const isWaste = ({ bytes, memoryBytes = 0 }: DiskWaste) => bytes + memoryBytes > 0;
  return all.filter(isWaste).sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
}

function imageWaste({ images, usage, events }: DiskFacts): DiskWaste[] {
  const own = new Map(usage.images.map(({ id, uniqueBytes }) => [id, uniqueBytes]));
  const used = lastEvents(events, 'image');
  return images
    .filter(({ containers }) => containers.length === 0)
    .map(({ id, references, uniqueBytes }): DiskWaste => {
      const [reference] = references;
      const name = reference ?? id.slice(0, 'sha256:'.length + 12);
      return {
        kind: reference === undefined ? 'image without a name' : 'image without a container',
        ...{ name, bytes: own.get(id) ?? uniqueBytes },
        ...when(used.get(id) ?? used.get(reference ?? id)),
        command: `plimsoll rmi ${shellWord(name)}`,
      };
    });
}

function containerWaste({ containers, usage, quiet, now }: DiskFacts): DiskWaste[] {
  const sizes = new Map(usage.containers.map(({ id, sizeBytes }) => [id, sizeBytes]));
  const usedAt = ({ state, created }: (typeof containers)[number]) =>
    Math.max(created, state.startedAt ?? 0, state.finishedAt ?? 0);
  const lastUsedOf = (one: (typeof containers)[number]) => quiet.get(one.id)?.lastUsed ?? usedAt(one);
  const isStopped = ({ state }: (typeof containers)[number]) =>
    ['exited', 'created', 'dead'].includes(state.status);
  const projects = Map.groupBy(containers, ({ labels }) => labels[projectLabel] ?? '');
  const forgotten = new Set(
    [...projects].flatMap(([project, own]) =>
      project !== '' &&
      own.every(one => quiet.has(one.id) || (isStopped(one) && now - usedAt(one) > forgottenMs))
        ? [project]
        : [],
    ),
  );
  const bytesOf = (all: typeof containers) => all.reduce((sum, { id }) => sum + (sizes.get(id) ?? 0), 0);
  const rm = (all: typeof containers) => {
    const force = all.every(isStopped) ? '' : '-f ';
    return `plimsoll rm ${force}${all.map(({ name }) => shellWord(name)).join(' ')}`;
  };
  const memoryOf = (all: typeof containers) => {
    const memoryBytes = all.reduce((sum, { id }) => sum + (quiet.get(id)?.memoryBytes ?? 0), 0);
    return memoryBytes === 0 ? {} : { memoryBytes };
  };
  return [
    ...[...forgotten].map((project): DiskWaste => {
      const own = projects.get(project) ?? [];
      const lastUsed = Math.max(...own.map(lastUsedOf));
      const facts = { name: project, bytes: bytesOf(own), ...memoryOf(own), lastUsed };
      return { kind: 'forgotten project', ...facts, command: rm(own) };
    }),
    ...containers
      .filter(one => quiet.has(one.id) && !forgotten.has(one.labels[projectLabel] ?? ''))
      .map((one): DiskWaste => {
        const facts = {
          name: one.name,
          bytes: bytesOf([one]),
          ...memoryOf([one]),
          lastUsed: lastUsedOf(one),
        };
        return { kind: 'idle container', ...facts, command: `plimsoll stop ${shellWord(one.name)}` };
      }),
    ...containers
      .filter(one => isStopped(one) && !forgotten.has(one.labels[projectLabel] ?? ''))
      .map((one): DiskWaste => {
        const facts = { name: one.name, bytes: bytesOf([one]), lastUsed: usedAt(one) };
        return { kind: 'stopped container', ...facts, command: rm([one]) };
      }),
  ];
}

function volumeWaste({ volumes, usage, events }: DiskFacts): DiskWaste[] {
  const sizes = new Map(usage.volumes.map(({ name, sizeBytes }) => [name, sizeBytes]));
  const used = lastEvents(events, 'volume');
  return volumes
    .filter(({ containers }) => containers.length === 0)
    .map(({ name, created }): DiskWaste => {
      const facts = { name, bytes: sizes.get(name) ?? 0, lastUsed: Math.max(created, used.get(name) ?? 0) };
      return {
        kind: 'volume without a container',
        ...facts,
        command: `plimsoll volume rm ${shellWord(name)}`,
      };
    });
}

/** One line for each kind: a build has hundreds of records. What an image has too is not freed with its record. */
function cacheWaste({ cache }: DiskFacts): DiskWaste[] {
  const idle = cache.filter(({ inUse, shared }) => !inUse && !shared);
  return [...Map.groupBy(idle, ({ kind }) => kind)].map(([kind, records]): DiskWaste => {
    const bytes = records.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const lastUsed = Math.max(...records.map(record => record.lastUsed));
    const name = { layer: 'layers of steps', mount: 'cache mounts', digest: 'digests of files' }[kind];
    const filter = { layer: 'regular', mount: 'exec.cachemount', digest: 'internal' }[kind];
    const command = `plimsoll builder prune --filter type=${filter}`;
    return { kind: 'build cache', name: `${name} (${records.length})`, bytes, lastUsed, command };
  });
}

function logWaste({ containers, logs }: DiskFacts): DiskWaste[] {
  return containers.flatMap(({ id, name, state }): DiskWaste[] => {
    const bytes = logs.get(id) ?? 0;
    if (bytes < fatLogBytes) return [];
    // It is bounded for a container that is made anew.
    const command = `plimsoll run --log-opt max-size=10m --log-opt max-file=3 ... # instead of ${shellWord(name)}`;
    return [{ kind: 'fat log', name, bytes, ...when(state.finishedAt), command }];
  });
}

function leftovers({ usage }: DiskFacts): DiskWaste[] {
  const categories = [
    ['downloads', 'interrupted downloads'],
    ['orphans', 'orphans'],
  ] as const;
  return categories.flatMap(([wanted, kind]) =>
    usage.categories
      .filter(category => category.kind === wanted)
      .map(({ count, reclaimableBytes }): DiskWaste => {
        return { kind, name: `${count} of them`, bytes: reclaimableBytes, command: 'plimsoll system prune' };
      }),
  );
}

/** When something last happened to each thing of a type, by its id. */
function lastEvents(events: readonly EngineEvent[], type: EngineEvent['type']): Map<string, number> {
  const own = events.filter(event => event.type === type);
  return new Map(own.map(({ actor, timeNano }) => [actor.id, Number(timeNano.slice(0, -6))]));
}

function when(time: number | undefined): { readonly lastUsed?: number } {
  return time === undefined ? {} : { lastUsed: time };
}
