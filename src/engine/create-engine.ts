import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isPlimsollError } from '../errors.ts';
import { applyChanges, type BuildKeeper, type CacheSettings, createBuildService } from './build/index.ts';
import { type ContainerService, type ContainerUpkeep, createContainerService } from './container/index.ts';
import type { Engine } from './engine.ts';
import { createEventService } from './events/index.ts';
import { createHistoryService } from './history/index.ts';
import {
  createImageArchives,
  createImageService,
  createManifestService,
  type ImageArchives,
  type ImageStore,
  type ManifestService,
} from './image/index.ts';
import { bootId, cgroupVersion, isGoingDown, namesIn, writeFileAtomic } from './kernel/index.ts';
import { createLimitService, type LimitService } from './limits/index.ts';
import {
  createIdleBridge,
  createNetworkService,
  createPublishedPorts,
  type IdleBridge,
  lowerForgotten,
  type PublishedPorts,
  serveForwards,
} from './network/index.ts';
import { createRegistryService, type Registries } from './registry/index.ts';
import { createRuntime, type Runtime } from './runtime/index.ts';
import { chooseStorage, createSnapshotService } from './snapshot/index.ts';
import { createStatsService, type Neighbours, type StatsService } from './stats/index.ts';
import {
  createBlobs,
  createRootFolders,
  Database,
  hasLeftovers,
  type Root,
  readBootMark,
  signRunFolder,
  sweepRunFolders,
} from './store/index.ts';
import { createSystemService } from './system/index.ts';
import { createUnitService } from './units/index.ts';
import { createVolumeService } from './volume/index.ts';

export interface EngineOptions {
  readonly root: Root;
  /**
   * The command line that is plimsoll itself, such as `['/opt/plimsoll/bin/plimsoll']`: the monitor of a container
   * runs `... internal exited --root DIR ID` with it (see `runInternal`) when nobody attends its end. Without it,
   * ends are recorded by the next process that opens the root.
   */
  readonly self?: readonly string[];
  /** Told what goes wrong in the background, where nobody waits for it. */
  readonly report?: (error: unknown) => void;
  /** Opens the watch over other engines on this machine, when their figures are first wanted. */
  readonly neighbours?: () => Promise<Neighbours | undefined>;
  /** What the user wants the limits of the build cache to be, asked for when something needs them. */
  readonly cacheSettings?: () => Promise<CacheSettings | undefined>;
  /** Leaves what a crash or a reboot left as it is: for a check that must not change what it looks at. */
  readonly reconcile?: boolean;
}

/**
 * Opens the engine of a root in this process, and first brings in line what a crash, a kill or a reboot left.
 * Services are made at first use, so that a short command pays for what it needs only.
 */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const parts = openParts(options);
  try {
    if (options.reconcile !== false) await bringInLine(options.root, parts);
  } catch (error) {
    await parts[Symbol.asyncDispose]();
    throw error;
  }
  return {
    get images() {
      return parts.images();
    },
    get manifests() {
      return parts.manifests();
    },
    get archives() {
      return parts.archives();
    },
    get registries() {
      return parts.registries();
    },
    get builds() {
      return parts.builds();
    },
    get works() {
      return parts.builds().works;
    },
    get containers() {
      return parts.containers();
    },
    get execs() {
      return parts.containers().execs;
    },
    get files() {
      return parts.containers().files;
    },
    get volumes() {
      return parts.volumes();
    },
    get networks() {
      return parts.networks();
    },
    get stats() {
      return parts.stats();
    },
    get history() {
      return parts.history();
    },
    get limits() {
      return parts.limits();
    },
    get system() {
      return parts.system();
    },
    get units() {
      return parts.units();
    },
    events: parts.events,
    [Symbol.asyncDispose]: () => parts[Symbol.asyncDispose](),
  };
}

/**
 * What runs when no host does: the command line after `internal`. `exited ID` is started by the monitor of a container
 * that has ended, and returns what to print: nothing, or after how many seconds the monitor's shell shall ask again.
 * `health ID RUN STATUS` and `rotate ID` are started by the keeper of the root. `lower-bridge` is started some time after the last container has left the network.
 * `storage` tries for the doctor what works in the namespaces of an ordinary user.
 */
export async function runInternal(
  args: readonly string[],
  root: Root,
  self: readonly string[],
): Promise<string> {
  const [verb, id, ...rest] = args.filter((arg, index) => arg !== '--root' && args[index - 1] !== '--root');
  if (verb === 'storage') return JSON.stringify(await chooseStorage({ root, env: process.env, anew: true }));
  if (verb === 'lower-bridge' && !existsSync(databaseOf(root))) {
    await lowerForgotten(root); // opening it would make the root anew
    return '';
  }
  if (verb === 'forward' && id !== undefined) {
    await serveForwards(id, rest[0] ?? '', { isUp: () => process.stdout.write('up\n') });
    return '';
  }
  await using parts = openParts({ root, self });
  if (verb === 'lower-bridge') {
    await parts.networks().lowerIfUnused();
    return '';
  }
  if (id !== undefined && verb === 'rotate') {
    await parts.containers().rotate(id);
    return '';
  }
  if (id !== undefined && verb === 'health') {
    const [run = '', status] = rest;
    if (status === 'healthy' || status === 'unhealthy')
      await parts.containers().noteHealth({ id, run, status });
    return '';
  }
  if (id !== undefined && verb === 'exec-ended') {
    await parts.containers().execs.inspect(id); // which records it
    return '';
  }
  if (verb !== 'exited' || id === undefined) throw new TypeError(`no internal command "${args.join(' ')}"`);
  const left = await parts.containers().exited(id);
  return left === undefined ? '' : `${(left / 1000).toFixed(3)}\n`;
}

type Parts = ReturnType<typeof openParts>;

function openParts({ root, self = [], report = () => {}, neighbours, cacheSettings }: EngineOptions) {
  createRootFolders(root);
  const db = Database.open(databaseOf(root));
  const clock = Date.now;
  const events = createEventService({ root, db, clock });
  const snapshots = once(() => createSnapshotService({ root, db, clock, env: process.env }));
  const networks = once(() =>
    createNetworkService({
      root,
      db,
      events,
      clock,
      ...idleBridge(root, self),
      ...publishedPorts(root, self),
    }),
  );
  const volumes = once(() => createVolumeService({ root, db, events, clock }));
  const runtime = once(() => createRuntime(root));
  const registries = once((): Registries => createRegistryService({ env: process.env }));
  const imageOptions = {
    ...{ root, db, events, clock },
    snapshots: later(snapshots),
    registries: later(registries),
  };
  const images = once((): ImageStore => createImageService(imageOptions));
  const manifests = once((): ManifestService => createManifestService(imageOptions));
  const archives = once(
    (): ImageArchives =>
      createImageArchives({
        ...imageOptions,
        applyChanges: (config, changes) => applyChanges(config, changes), // found when it is called
      }),
  );
  // What a service works with is made when it calls it: listing containers needs no layer and no network.
  const services = {
    images: later(images),
    snapshots: later(snapshots),
    networks: later(networks),
    volumes: later(volumes),
  };
  let opened: (ContainerService & ContainerUpkeep) | undefined;
  const containers = once(() => {
    const own = { root, db, events, runtime, clock, isGoingDown, self, report };
    opened = createContainerService({
      ...services,
      ...own,
      applyChanges: (config, changes) => applyChanges(config, changes), // found when it is called
    });
    return opened;
  });
  const builds = once(
    (): BuildKeeper =>
      createBuildService({
        ...{ root, db, events, ...services, runtime, clock },
        ...(cacheSettings === undefined ? {} : { cacheSettings }),
      }),
  );
  const listRunning = () => containers().list().map(toRunning);
  let openedNeighbours: Disposable | undefined;
  const openNeighbours = async (open: () => Promise<Neighbours | undefined>) => {
    const made = await open();
    openedNeighbours = made;
    return made;
  };
  const stats = once(
    (): StatsService =>
      createStatsService({
        ...{ listRunning, dataDir: root.dataDir },
        ...(neighbours === undefined ? {} : { neighbours: () => openNeighbours(neighbours) }),
      }),
  );
  let openedHistory: Disposable | undefined;
  const history = once(() => {
    const made = createHistoryService({ root, clock });
    openedHistory = made;
    return made;
  });
  const limits = once((): LimitService => createLimitService({ root, clock, containers: containers() }));
  const system = once(() =>
    createSystemService({
      root,
      db,
      images: images(),
      containers: containers(),
      snapshots: snapshots(),
      networks: networks(),
      volumes: later(volumes),
      builds: later(builds),
      runtime: () => runtimeName(runtime),
      cgroupVersion,
    }),
  );
  const units = once(() => createUnitService({ root, self, env: process.env }));
  return {
    ...{
      db,
      clock,
      events,
      snapshots,
      networks,
      volumes,
      registries,
      images,
      archives,
      manifests,
      containers,
      builds,
      stats,
      history,
      limits,
      system,
      units,
    },
    async [Symbol.asyncDispose]() {
      await opened?.[Symbol.asyncDispose]();
      openedNeighbours?.[Symbol.dispose]();
      openedHistory?.[Symbol.dispose]();
      db.close();
    },
  };
}

/** Costs a few queries when there is nothing to do. */
async function bringInLine(root: Root, parts: Parts): Promise<void> {
  const boot = bootId();
  const rebooted = readBootMark(root) !== boot;
  if (hasLeftovers(root, parts.db)) {
    createBlobs({ root, db: parts.db, clock: parts.clock }).sweep(); // before the leases, which tell that it is needed
    await parts.snapshots().sweep();
  }
  if (mayHaveLostBuilds(root, parts.db)) await parts.builds().sweep();
  await parts.containers().reconcile();
  await parts.networks().tidy();
  if (!rebooted) return;
  const live = parts.containers().list();
  await parts.networks().repair(new Set(live.map(({ id }) => id)));
  signRunFolder(root);
  writeFileAtomic(join(root.runDir, 'boot-id'), `${boot}\n`);
  sweepRunFolders(root, Date.now());
}

/** False where the sweep of builds has nothing to look at; asked here, as loading all that builds takes longer. */
function mayHaveLostBuilds(root: Root, db: Database): boolean {
  if (db.get("SELECT 1 FROM builds WHERE state = 'running'") !== undefined) return true;
  if (readdirSync(join(root.dataDir, 'mounts')).length > 0) return true;
  return namesIn(join(root.runDir, 'builds')).some(name => name.startsWith('work.'));
}

function databaseOf(root: Root): string {
  return join(root.dataDir, 'plimsoll.db');
}

/** Without plimsoll's own command line nobody could be asked to come back later. */
function idleBridge(root: Root, self: readonly string[]): { idle?: IdleBridge } {
  if (self.length === 0) return {};
  return { idle: createIdleBridge(root, [...self, 'internal', 'lower-bridge', '--root', root.dataDir]) };
}

/** Published ports that the kernel does not lead are opened by a process that is plimsoll. */
function publishedPorts(root: Root, self: readonly string[]): { published?: PublishedPorts } {
  if (self.length === 0) return {};
  return { published: createPublishedPorts(root, [...self, 'internal', 'forward']) };
}

function runtimeName(runtime: () => Runtime): string {
  try {
    return runtime().name;
  } catch (error) {
    if (isPlimsollError(error, 'unavailable')) return 'none';
    throw error;
  }
}

function toRunning({ id, cgroupPath, state, network }: ReturnType<ContainerService['list']>[number]) {
  return {
    id,
    network,
    ...(cgroupPath === undefined ? {} : { cgroupPath }),
    ...(state.process === undefined ? {} : { pid: state.process.pid }),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Stands for a service, which is made at the first use of something of it. */
function later<T extends object>(make: () => T): T {
  return new Proxy({} as T, { get: (_, key) => Reflect.get(make(), key) });
}
