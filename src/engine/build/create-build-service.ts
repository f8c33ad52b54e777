import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { cancelled, isPlimsollError } from '../../errors.ts';
import type { Platform } from '../../oci/index.ts';
import type { EventService } from '../events/index.ts';
import { identify } from '../kernel/index.ts';
import type { NetworkService } from '../network/index.ts';
import type { Runtime } from '../runtime/index.ts';
import type { SnapshotService } from '../snapshot/index.ts';
import type { Database, Root } from '../store/index.ts';
import type { BuildImages } from './build-images.ts';
import { openBuildCache } from './cache/index.ts';
import {
  commandSteps,
  createBuildRecords,
  followJournal,
  journalPath,
  openBuildJournal,
} from './journal/index.ts';
import { runBuild, summaryOf } from './run-build.ts';
import type { StepDeps } from './solve/index.ts';
import { openContext } from './source/index.ts';
import type { BuildRecord, BuildService } from './types.ts';

/** What builds need of the rest of the engine. */
export interface BuildServiceOptions {
  readonly root: Root;
  readonly db: Database;
  readonly images: BuildImages;
  readonly snapshots: Pick<SnapshotService, 'layer' | 'hold' | 'stage' | 'removeLayer'>;
  /** Asked when a RUN needs it: a host without a runtime can still build what runs nothing. */
  readonly runtime: () => Pick<Runtime, 'runToEnd'>;
  readonly networks: Pick<NetworkService, 'connect' | 'disconnect'>;
  readonly events: Pick<EventService, 'emit'>;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  /** What images are built for. Default: this host. */
  readonly platform?: Platform;
}

/** Builds of a root, plus what the engine does for them at its start. */
export interface BuildKeeper extends BuildService {
  /** Tidies up after builds whose process died: networks and folders of their steps. Call it at open. */
  sweep(): Promise<void>;
  /** Names under which steps that run now, of any process, have a network: `NetworkService.repair` must leave them. */
  runningSteps(): string[];
}

/** The build service of a root. */
export function createBuildService(options: BuildServiceOptions): BuildKeeper {
  const { root, db, images, snapshots, runtime, networks, events, clock = Date.now } = options;
  const platform = options.platform ?? hostPlatform();
  const records = createBuildRecords({ root, db, events, clock });
  const cache = openBuildCache({ db, snapshots, clock });
  const deps: StepDeps = { root, snapshots, runtime, networks, cache, clock };
  const keeper: BuildKeeper = {
    build: async request => {
      const context = openContext(request);
      const record: BuildRecord = {
        id: randomBytes(6).toString('hex'),
        started: clock(),
        state: 'running',
        context: context.folder,
        dockerfile: context.dockerfile,
        tags: request.tags ?? [],
        buildArgs: request.buildArgs ?? {},
        ...(request.target === undefined ? {} : { target: request.target }),
        owner: identify(process.pid) ?? { pid: process.pid, startTime: 0 },
      };
      const { id } = record;
      const journal = openBuildJournal(journalPath(root, id), {
        clock,
        ...(request.onProgress === undefined ? {} : { onEvent: request.onProgress }),
      });
      records.begin(record);
      try {
        const image = await runBuild({ id, request, context, journal, deps, images, platform });
        journal.write({ kind: 'finished', time: clock(), outcome: 'succeeded', image });
        records.end({ ...record, finished: clock(), state: 'succeeded', image });
        return { build: id, image };
      } catch (error) {
        const failure = request.signal?.aborted ? cancelled('the build') : error;
        const state = isPlimsollError(failure, 'cancelled') ? 'cancelled' : 'failed';
        const said = state === 'failed' ? { error: summaryOf(failure) } : {};
        journal.write({ kind: 'finished', time: clock(), outcome: state, ...said });
        records.end({ ...record, finished: clock(), state, ...said });
        throw failure;
      } finally {
        rmSync(join(root.runDir, 'builds', id), { recursive: true, force: true });
      }
    },
    list: ({ limit = 50 } = {}) => records.list(limit),
    follow: (build, { signal }) => {
      const { id } = records.get(build);
      const isOver = () => records.get(id).state !== 'running';
      return followJournal(journalPath(root, id), { signal, isOver });
    },
    pruneCache: async ({ layers: chosen } = {}) => {
      const rows = db.transaction(() => {
        const all = db.all('SELECT key, diff_id FROM build_cache');
        const doomed = all.filter(row => chosen?.includes(String(row.diff_id)) ?? true);
        for (const { key } of doomed) db.run('DELETE FROM build_cache WHERE key = ?', String(key));
        return doomed;
      });
      const layers = new Set(rows.flatMap(row => (row.diff_id === null ? [] : [String(row.diff_id)])));
      const { reclaimedBytes } = await images.freeLayers([...layers]);
      return { records: rows.length, reclaimedBytes };
    },
    runningSteps: () => records.running().flatMap(({ id }) => commandSteps(root, id)),
    sweep: async () => {
      for (const { id } of records.takeLost()) {
        for (const step of commandSteps(root, id)) await networks.disconnect(step);
        rmSync(join(root.runDir, 'builds', id), { recursive: true, force: true });
      }
    },
  };
  return keeper;
}

function hostPlatform(): Platform {
  const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };
  return { os: 'linux', architecture: architectures[process.arch] ?? process.arch };
}
