import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { machine } from 'node:os';
import { join } from 'node:path';
import { cancelled, isPlimsollError } from '../../errors.ts';
import { hostPlatform, type Platform, parseReference } from '../../oci/index.ts';
import type { EventService } from '../events/index.ts';
import { identify, isAlive, mountsBelow, unmount, withLock } from '../kernel/index.ts';
import type { NetworkService } from '../network/index.ts';
import type { Runtime } from '../runtime/index.ts';
import { createBlobs, type Database, type Root } from '../store/index.ts';
import { buildAccess } from './build-access.ts';
import { openContexts } from './build-contexts.ts';
import type { BuildImages } from './build-images.ts';
import { platformsFor } from './build-platforms.ts';
import { createCacheKeeper, type DiskSpace, openBuildCache, openCacheMounts } from './cache/index.ts';
import { checkDockerfile } from './check-build.ts';
import {
  commandSteps,
  createBuildRecords,
  followJournal,
  journalPath,
  openBuildJournal,
  stepCosts,
} from './journal/index.ts';
import { outlineDockerfile } from './lint/index.ts';
import { runBuild, summaryOf } from './run-build.ts';
import type { StepDeps } from './solve/index.ts';
import { openKnownDigests } from './source/index.ts';
import { sourceDateOf } from './source-date.ts';
import type { BuildRecord, BuildService, CacheSettings, FailedStep } from './types.ts';
import { createWorkService, type WorkService, type WorkServiceOptions } from './work/index.ts';

/** What builds need of the rest of the engine. */
export interface BuildServiceOptions {
  readonly root: Root;
  readonly db: Database;
  readonly images: BuildImages;
  readonly snapshots: WorkServiceOptions['deps']['snapshots'];
  /** Asked when a RUN needs it: a host without a runtime can still build what runs nothing. */
  readonly runtime: () => Pick<Runtime, 'runToEnd'>;
  readonly networks: Pick<NetworkService, 'connect' | 'disconnect'>;
  readonly events: Pick<EventService, 'emit'>;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  /** What this host is. */
  readonly platform?: Platform;
  /** What the user wants the limits of the cache to be; rejects where that is written down wrongly. */
  readonly cacheSettings?: () => Promise<CacheSettings | undefined>;
  /** The disk of the root. */
  readonly disk?: () => DiskSpace;
}

/** Builds of a root, plus what the engine does for them at its start. */
export interface BuildKeeper extends BuildService {
  readonly works: WorkService;
  /** Tidies up after builds whose process died: networks and folders of their steps. Call it at open. */
  sweep(): Promise<void>;
  /** Names under which steps that run now, of any process, have a network: `NetworkService.repair` must leave them. */
  runningSteps(): string[];
}

/** The build service of a root. */
export function createBuildService(options: BuildServiceOptions): BuildKeeper {
  const { root, db, images, snapshots, runtime, networks, events, clock = Date.now } = options;
  const own = options.platform ?? hostPlatform(machine());
  const records = createBuildRecords({ root, db, events, clock });
  const cache = openBuildCache({ db, snapshots, clock });
  const cacheMounts = openCacheMounts({ root, db, clock });
  const deps: StepDeps = { root, snapshots, runtime, networks, cache, cacheMounts, clock };
  const known = (folder: string) => {
    const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
    return openKnownDigests(folder, join(root.dataDir, 'builds/contexts', name), clock);
  };
  const cacheKeeper = createCacheKeeper({
    ...{ root, db, snapshots, cacheMounts, images, clock },
    ...{ settings: options.cacheSettings, disk: options.disk },
  });
  const tidyLost = async () => {
    const lost = records.lost(); // none where another process has been faster
    if (lost.length > 0) createBlobs({ root, db, clock }).sweep(); // content of images that they had no time to record
    for (const record of lost) {
      const folder = join(root.runDir, 'builds', record.id);
      for (const step of commandSteps(root, record.id)) await networks.disconnect(step);
      for (const each of [folder, `${folder}-agents`]) await clearFolder(each);
      records.endLost(record); // last: who is killed amid this leaves the rest to the next
    }
  };
  const keeper: BuildKeeper = {
    works: createWorkService({
      deps: { ...deps, snapshots },
      ...{ db, images, platform: options.platform },
      findBuild: build => records.get(build),
    }),
    build: async request => {
      for (const tag of request.tags ?? []) parseReference(tag); // what is wrong is no news for the end of a build
      sourceDateOf(request);
      const limits = await cacheKeeper.cacheLimits();
      const id = randomBytes(6).toString('hex');
      const platforms = platformsFor(own, request.platform);
      await using access = buildAccess(id, root, request);
      await using contexts = await openContexts(request, { snapshots, git: access.git, known });
      const record: BuildRecord = {
        id,
        started: clock(),
        state: 'running',
        context: contexts.main.origin,
        dockerfile: contexts.main.dockerfile,
        tags: request.tags ?? [],
        buildArgs: request.buildArgs ?? {},
        ...(request.target === undefined ? {} : { target: request.target }),
        owner: identify(process.pid) ?? { pid: process.pid, startTime: 0 },
      };
      const journal = openBuildJournal(journalPath(root, id), {
        clock,
        ...(request.onProgress === undefined ? {} : { onEvent: request.onProgress }),
      });
      records.begin(record);
      let failedStep: FailedStep | undefined;
      const onFailedStep = (step: FailedStep) => {
        failedStep ??= step;
      };
      try {
        const image = await runBuild({
          ...{ id, request, contexts, access, journal, deps, images, platforms, onFailedStep },
          trimCache: async () => limits && (await cacheKeeper.trim(limits, record.started)),
        });
        journal.write({ kind: 'finished', time: clock(), outcome: 'succeeded', image });
        records.end({ ...record, finished: clock(), state: 'succeeded', image });
        return { build: id, image };
      } catch (error) {
        const failure = request.signal?.aborted ? cancelled('the build') : error;
        const state = isPlimsollError(failure, 'cancelled') ? 'cancelled' : 'failed';
        const said = state === 'failed' ? { error: summaryOf(failure) } : {};
        journal.write({ kind: 'finished', time: clock(), outcome: state, ...said });
        const step = failedStep === undefined || state !== 'failed' ? {} : { failedStep };
        records.end({ ...record, finished: clock(), state, ...said, ...step });
        throw failure;
      } finally {
        rmSync(join(root.runDir, 'builds', id), { recursive: true, force: true });
      }
    },
    check: async request => {
      await using access = buildAccess(randomBytes(6).toString('hex'), root, request);
      await using contexts = await openContexts(request, { snapshots, git: access.git, known });
      const platforms = platformsFor(own, request.platform);
      return checkDockerfile({
        context: contexts.main,
        buildArgs: request.buildArgs ?? {},
        platforms,
        images,
      });
    },
    outline: async request => {
      await using access = buildAccess(randomBytes(6).toString('hex'), root, request);
      await using contexts = await openContexts(request, { snapshots, git: access.git, known });
      const { target, buildArgs = {} } = request;
      const { source } = contexts.main;
      return outlineDockerfile({ source, buildArgs, ...(target === undefined ? {} : { target }) });
    },
    list: ({ limit = 50 } = {}) => records.list(limit),
    follow: (build, { signal }) => {
      const { id } = records.get(build);
      const isOver = () => records.get(id).state !== 'running';
      return followJournal(journalPath(root, id), { signal, isOver });
    },
    costs: async image => {
      const made = records.list(1000).find(record => record.image === image && record.state === 'succeeded');
      if (made === undefined) return [];
      const { signal } = new AbortController();
      return await stepCosts(followJournal(journalPath(root, made.id), { signal, isOver: () => true }));
    },
    cacheUsage: cacheKeeper.cacheUsage,
    pruneCache: cacheKeeper.pruneCache,
    cacheLimits: cacheKeeper.cacheLimits,
    runningSteps: () => records.running().flatMap(({ id }) => commandSteps(root, id)),
    sweep: async () => {
      if (records.lost().length > 0) await withLock(join(root.runDir, 'locks', 'builds'), tidyLost);
      for (const name of deadRuns(join(root.runDir, 'builds'))) {
        await networks.disconnect(`build-${name}-0`);
        await clearFolder(join(root.runDir, 'builds', name));
      }
      await cacheMounts.sweep();
    },
  };
  return keeper;
}

/** Folders of commands of working containers whose process is gone. */
function deadRuns(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter(name => {
    const [kind, pid, startTime] = name.split('.');
    return kind === 'work' && !isAlive({ pid: Number(pid), startTime: Number(startTime) });
  });
}

/** Deletes a run folder of a build, and what is still mounted in it. */
async function clearFolder(folder: string): Promise<void> {
  for (const mount of mountsBelow(folder).reverse()) await unmount(mount, { lazy: true });
  rmSync(folder, { recursive: true, force: true });
}
