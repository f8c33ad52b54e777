import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { machine } from 'node:os';
import { join } from 'node:path';
import { PlimsollError } from '../../../errors.ts';
import { hostPlatform, type ImageHistory, type Platform, parseReference } from '../../../oci/index.ts';
import { identify } from '../../kernel/index.ts';
import type { SnapshotService } from '../../snapshot/index.ts';
import { createBaseFinder } from '../bases/index.ts';
import { buildAccess } from '../build-access.ts';
import type { BuildImages } from '../build-images.ts';
import { platformsFor } from '../build-platforms.ts';
import type { SideSteps } from '../journal/index.ts';
import { type FileSource, planOneRun, scratchConfig } from '../plan/index.ts';
import { executeRun, prepareCopy, type StepDeps, StepFiles } from '../solve/index.ts';
import { openFolder } from '../source/index.ts';
import type { BuildRecord } from '../types.ts';
import { changeConfig } from './change-config.ts';
import { commitWork } from './commit-work.ts';
import { copyOperation, wholeFolder } from './copy-into.ts';
import { failedWork, layersGone, layersOf } from './failed-work.ts';
import { stepMounts } from './step-mounts.ts';
import type {
  WorkCopyRequest,
  WorkFromRequest,
  WorkingContainer,
  WorkRunRequest,
  WorkService,
} from './types.ts';
import { alone, type MountedWork, mountWork, withFiles } from './work-folder.ts';
import { createWorkRecords } from './work-records.ts';

/** What working containers need: what the steps of a build need, and images. */
export interface WorkServiceOptions {
  readonly deps: Omit<StepDeps, 'snapshots'> & {
    readonly snapshots: StepDeps['snapshots'] &
      Pick<SnapshotService, 'mount' | 'unmount' | 'capture' | 'entries' | 'storage'>;
  };
  readonly db: Parameters<typeof createWorkRecords>[0];
  readonly images: BuildImages;
  /** A build by its id, or the beginning of one. Throws `not-found`. */
  readonly findBuild: (build: string) => BuildRecord;
  /** What this host is. */
  readonly platform?: Platform | undefined;
}

/** The working containers of a root. */
export function createWorkService(options: WorkServiceOptions): WorkService {
  const { deps, db, images } = options;
  const { root, clock } = deps;
  const host = options.platform ?? hostPlatform(machine());
  const records = createWorkRecords(db);
  const never = new AbortController().signal;
  const change = (name: string, edit: (work: WorkingContainer) => WorkingContainer) =>
    db.transaction(() => {
      const changed = edit(records.get(name));
      records.save(changed);
      return changed;
    });
  const note = (name: string, createdBy: string) =>
    void change(name, work => {
      const entry: ImageHistory = {
        created: new Date(clock()).toISOString(),
        created_by: createdBy,
        comment: 'plimsoll',
        empty_layer: true, // the layer is that of the commit
      };
      return { ...work, history: [...work.history, entry] };
    });
  const sourceOf = (name: string): FileSource => ({ kind: 'image', image: images.resolve(name) });

  const service: WorkService = {
    list: records.list,
    inspect: records.get,
    from: async request => {
      const begun = await beginWork(request, { images, host, clock, isTaken: records.isTaken });
      const { driver } = await deps.snapshots.storage();
      const work = { ...begun, driver };
      records.add(work);
      return work;
    },
    fromFailure: async build => {
      const { driver } = await deps.snapshots.storage();
      const work = {
        ...failedWork(options.findBuild(build), { clock, isTaken: records.isTaken }),
        driver,
      };
      const gone = layersOf(work).find(diffId => deps.snapshots.layer(diffId) === undefined);
      if (gone !== undefined) throw layersGone(build);
      records.add(work);
      return work;
    },
    run: async (name, request) => {
      const work = records.get(name);
      const code = await withFiles(deps, work, request.signal, mounted => runIn(work, request, mounted));
      note(work.id, `RUN ${request.args.join(' ')}`);
      return code;
    },
    copy: async (name, request) => {
      const work = records.get(name);
      await withFiles(deps, work, request.signal, mounted => copyInto(work, request, mounted));
      const { sources, destination = '.', add = false } = request;
      note(work.id, [add ? 'ADD' : 'COPY', ...sources, destination].join(' '));
    },
    config: (name, wanted) =>
      change(name, work => ({
        ...work,
        config: changeConfig(work.config, wanted),
        ...(wanted.author === undefined ? {} : { author: wanted.author }),
      })),
    mount: async name => {
      const work = records.get(name);
      return await alone(root, work, undefined, async () => {
        change(work.id, current => ({ ...current, isMounted: true }));
        return await mountWork(deps, work);
      });
    },
    unmount: async name => {
      const work = records.get(name);
      await alone(root, work, undefined, async () => {
        change(work.id, current => ({ ...current, isMounted: false }));
        await deps.snapshots.unmount(join(root.dataDir, 'works', work.id, 'rootfs'));
      });
    },
    commit: async (name, request = {}) => {
      for (const reference of request.references ?? []) parseReference(reference);
      const work = records.get(name);
      const image = await alone(root, work, request.signal, () =>
        commitWork({ deps, images }, work, request),
      );
      if (request.remove) await service.remove(work.id);
      return image;
    },
    remove: async name => {
      const work = records.get(name);
      await alone(root, work, undefined, async () => {
        const folder = join(root.dataDir, 'works', work.id);
        await deps.snapshots.unmount(join(folder, 'rootfs'));
        const trash = join(root.dataDir, 'tmp/trash');
        const doomed = join(trash, `${process.pid}.${process.hrtime.bigint()}.work`);
        mkdirSync(trash, { recursive: true, mode: 0o700 });
        if (existsSync(folder)) renameSync(folder, doomed);
        records.remove(work.id);
        rmSync(doomed, { recursive: true, force: true });
        await images.freeLayers(work.layers);
      });
    },
  };

  const runIn = async (work: WorkingContainer, request: WorkRunRequest, { target }: MountedWork) => {
    const {
      args,
      env = {},
      user,
      cwd,
      mounts = [],
      volumes = [],
      contextFolder,
      privileged = false,
    } = request;
    const { step } = work;
    const { signal = never, network = step?.network ?? 'bridge', isolation } = request;
    const hosts = [...(step?.hosts ?? []), ...(request.hosts ?? [])];
    const around = step === undefined ? undefined : stepMounts(step);
    for (const line of around?.missing ?? []) request.onOutput?.('stderr', Buffer.from(`${line}\n`));
    const id = runName();
    await using access = buildAccess(id, root, request);
    const planned = planOneRun({
      ...{ args, mounts, network, hosts },
      privileged: privileged || step?.privileged === true,
      config: work.config,
      platform: work.platform,
      platforms: platformsFor(host, undefined),
      secrets: new Set(Object.keys(request.secrets ?? {})),
      ssh: new Set(Object.keys(request.ssh ?? {})),
      resolve: sourceOf,
    });
    const main = contextFolder === undefined ? wholeFolder('/') : openFolder(contextFolder);
    await using files = new StepFiles({
      deps,
      signal,
      contexts: around?.contexts ?? { main, named: new Map() },
      layersOfStep: () => [],
    });
    const folder = join(root.runDir, 'builds', id);
    try {
      return await executeRun(deps, {
        rootfs: target,
        operation: {
          ...planned,
          mounts: [...(around?.mounts ?? []), ...planned.mounts],
          env: { ...planned.env, ...env },
          ...(user === undefined ? {} : { user }),
          ...(cwd === undefined ? {} : { cwd }),
        },
        settings: { ...access.settings, ...(isolation === undefined ? {} : { isolation }) },
        files,
        volumes: volumes.map(volume => ({ type: 'bind', ...volume })),
        name: `build-${id}-0`,
        bundle: join(folder, '0'),
        terminal: request.terminal ?? false,
        anyCode: true,
        onOutput: request.onOutput ?? (() => {}),
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };

  const copyInto = async (work: WorkingContainer, request: WorkCopyRequest, mounted: MountedWork) => {
    const { from, signal = never, contextFolder } = request;
    await using access = buildAccess(runName(), root, request);
    const other = from !== undefined && records.isTaken(from) ? records.get(from) : undefined;
    const copy = async (main: ReturnType<typeof wholeFolder>, source: FileSource) => {
      await using files = new StepFiles({
        deps,
        signal,
        contexts: { main, named: new Map() },
        layersOfStep: () => [],
      });
      const prepared = await prepareCopy(copyOperation(work, request, source), files, access.git);
      await prepared.apply(mounted, mounted.target);
    };
    if (other !== undefined) {
      await withFiles(deps, other, signal, ({ target }) => copy(wholeFolder(target), { kind: 'context' }));
    } else if (from === undefined) await copy(openFolder(contextFolder), { kind: 'context' });
    else await copy(wholeFolder('/'), sourceOf(from));
  };
  return service;
}

/** Names a run after its process, so that a later one can tidy up after it. */
function runName(): string {
  const startTime = identify(process.pid)?.startTime ?? 0;
  return `work.${process.pid}.${startTime}.${randomBytes(3).toString('hex')}`;
}

interface Beginning {
  readonly images: BuildImages;
  readonly host: Platform;
  readonly clock: () => number;
  readonly isTaken: (name: string) => boolean;
}

async function beginWork(
  request: WorkFromRequest,
  { images, host, clock, isTaken }: Beginning,
): Promise<WorkingContainer> {
  const { image: from, name = freeName(from, isTaken), signal = new AbortController().signal } = request;
  checkName(name);
  const { target } = platformsFor(host, request.platform);
  const own = { id: randomBytes(6).toString('hex'), name, from, created: clock(), isMounted: false };
  if (from === 'scratch') return { ...own, layers: [], platform: target, config: scratchConfig, history: [] };
  const finder = createBaseFinder({ images, request, steps: told(request), clock, host });
  const isStrict = request.platform !== undefined;
  const found = await finder.find(
    { name: from, start: 1, end: 1, platform: target, isStrict, stages: [] },
    signal,
  );
  const { architecture, os, variant, config, author, history } = found.config;
  return {
    ...own,
    image: found.id,
    layers: found.layers,
    platform: { os, architecture, ...(variant === undefined ? {} : { variant }) },
    config,
    ...(author === undefined ? {} : { author }),
    history,
  };
}

/** A pull's progress in lines. */
function told({ onProgress = () => {} }: WorkFromRequest): SideSteps {
  return {
    announce: () => {},
    begin: name => {
      onProgress(name);
      return { id: -1, say: onProgress, cached: () => {}, done: () => {}, failed: () => {} };
    },
  };
}

/** As Buildah names them: `busybox-working-container`, `busybox-working-container-1`. */
function freeName(image: string, isTaken: (name: string) => boolean): string {
  const last =
    image
      .replace(/@.*$/, '')
      .replace(/:[^/:]*$/, '')
      .split('/')
      .at(-1) ?? image;
  const name = `${last}-working-container`;
  for (let number = 0; ; number++) {
    const candidate = number === 0 ? name : `${name}-${number}`;
    if (!isTaken(candidate)) return candidate;
  }
}

function checkName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) return;
  throw new PlimsollError('invalid-argument', `"${name}" cannot be the name of a working container`, {
    code: 'WORK_NAME_INVALID',
    hint: 'use letters, digits, dots, dashes and underscores',
  });
}
