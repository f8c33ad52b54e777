import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type BuildImages,
  type BuildKeeper,
  type BuildProgress,
  type BuildRequest,
  type BuildServiceOptions,
  createBuildService,
} from '../../../src/engine/build/index.ts';
import { createEventService } from '../../../src/engine/events/index.ts';
import { createNetworkService } from '../../../src/engine/network/index.ts';
import { createRuntime, type Runtime, removeCgroup } from '../../../src/engine/runtime/index.ts';
import { createSnapshotService, type SnapshotService } from '../../../src/engine/snapshot/index.ts';
import { createRootFolders, Database, resolveRoot } from '../../../src/engine/store/index.ts';
import { PlimsollError } from '../../../src/errors.ts';
import type { ImageConfig, ImageProcessConfig } from '../../../src/oci/index.ts';
import { makeBusyboxRootfs } from '../../support/busybox-rootfs.ts';

/** A root of its own in a temporary folder, with a build service and a context folder. */
export interface Yard extends AsyncDisposable {
  readonly folder: string;
  readonly dataDir: string;
  readonly context: string;
  readonly db: Database;
  readonly builds: BuildKeeper;
  /** What steps are connected by; a test may put calls of its own in its place. */
  readonly networks: BuildServiceOptions['networks'];
  /** Words of every command that a RUN step ran. */
  readonly commands: string[];
  readonly images: Map<string, { id: string; config: ImageConfig; layers: readonly string[] }>;
  write(path: string, content: string, mode?: number): void;
  /** Builds the context; steps by the text of their instruction, with outcome and reason. */
  build(dockerfile: string, request?: Partial<BuildRequest>): Promise<Built>;
  /** Makes an image `name` of files that `fill` puts into an empty folder. */
  makeBase(name: string, fill: (rootfs: string) => void, config?: ImageProcessConfig): Promise<void>;
  /** Looks at the files of an image. */
  inside<T>(image: string, look: (rootfs: string) => T): Promise<T>;
  /** Where the files of a layer are. */
  layerFolder(diffId: string): string;
  /** True if a layer's files hash to its diffID. */
  verify(diffId: string): Promise<boolean>;
  /** What an ended build must not leave: staged folders, mounts, step folders. */
  leftovers(): string[];
}

export interface Built {
  readonly id: string;
  readonly image: string;
  readonly config: ImageConfig;
  readonly events: BuildProgress[];
  /** `RUN make` to `cached` or to the reason why it was not. */
  readonly steps: Record<string, string>;
}

/** Makes a yard. `fakeRun` takes the place of the runtime: it gets the command's words and the root filesystem. */
export function makeYard(
  options: {
    fakeRun?: (args: readonly string[], rootfs: string) => number | Promise<number>;
    /** Connect steps to real bridges; else no step may ask for one. */
    bridge?: boolean;
  } & Pick<BuildServiceOptions, 'cacheSettings' | 'disk' | 'clock'> = {},
): Yard {
  const folder = mkdtempSync(join(tmpdir(), 'plb-'));
  const root = {
    ...resolveRoot({ root: join(folder, 'data'), env: {}, uid: 0 }),
    runDir: join(folder, 'run'),
  };
  createRootFolders(root);
  const db = Database.open(join(root.dataDir, 'plimsoll.db'));
  const snapshots = createSnapshotService({ root, db });
  const events = createEventService({ root, db, clock: Date.now });
  const commands: string[] = [];
  const { images, store } = imagesOf(snapshots);
  const networks = options.bridge
    ? createNetworkService({ root, db, events, clock: Date.now })
    : { connect: () => Promise.reject(new Error('these tests use no bridge')), disconnect: async () => {} };
  const runtime = (): Pick<Runtime, 'runToEnd'> => ({
    runToEnd: async request => {
      commands.push(request.process.args.at(-1) ?? '');
      const { args, rootfs } = request.process;
      if (options.fakeRun !== undefined) return await options.fakeRun(args, rootfs);
      return await createRuntime({ runDir: root.runDir }).runToEnd(request);
    },
  });
  const { cacheSettings, disk, clock } = options;
  const builds = createBuildService({
    ...{ root, db, images: store, snapshots, runtime, networks, events },
    ...(cacheSettings === undefined ? {} : { cacheSettings }),
    ...(disk === undefined ? {} : { disk }),
    ...(clock === undefined ? {} : { clock }),
  });
  const context = join(folder, 'context');
  mkdirSync(context);
  const yard: Yard = {
    folder,
    dataDir: root.dataDir,
    context,
    db,
    builds,
    networks,
    commands,
    images,
    write: (path, content, mode = 0o644) => {
      mkdirSync(dirname(join(context, path)), { recursive: true });
      writeFileSync(join(context, path), content, { mode });
      utimesSync(join(context, path), 1_000_000_000, 1_000_000_000);
    },
    build: async (dockerfile, request = {}) => {
      yard.write('Dockerfile', dockerfile);
      const seen: BuildProgress[] = [];
      const { build, image } = await builds.build({
        context,
        network: 'none',
        onProgress: event => seen.push(event),
        ...request,
      });
      const config = images.get(image)?.config;
      if (config === undefined) throw new Error('the image was not recorded');
      return { id: build, image, config, events: seen, steps: outcomesOf(seen) };
    },
    makeBase: async (name, fill, config = {}) => {
      await using staged = await snapshots.stage([]);
      fill(staged.target);
      const layer = await staged.commit();
      store.create({ config: imageConfig([layer.diffId], config), references: [name] });
    },
    inside: async (image, look) => {
      const layers = images.get(image)?.layers ?? [];
      await using staged = await snapshots.stage(layers);
      return look(staged.target);
    },
    layerFolder: diffId => snapshots.layer(diffId)?.path ?? '',
    verify: diffId => snapshots.verifyLayer(diffId),
    leftovers: () => [
      ...readdirSync(join(root.dataDir, 'tmp')).filter(name => name !== 'trash'),
      ...(existsSync(join(root.dataDir, 'tmp/trash')) ? readdirSync(join(root.dataDir, 'tmp/trash')) : []),
      ...snapshots.mounts(),
      ...(existsSync(join(root.runDir, 'builds')) ? readdirSync(join(root.runDir, 'builds')) : []),
    ],
    [Symbol.asyncDispose]: async () => {
      for (const mount of snapshots.mounts()) await snapshots.unmount(mount);
      db.close();
      removeCgroup(`/plimsoll-${root.id}`);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return yard;
}

/** The host's busybox as a base image `busybox`. */
export async function withBusybox(yard: Yard): Promise<Yard> {
  await yard.makeBase('busybox', rootfs => void makeBusyboxRootfs(rootfs), {
    Env: ['PATH=/bin'],
    Cmd: ['sh'],
  });
  return yard;
}

export function read(rootfs: string, path: string): string {
  return readFileSync(join(rootfs, path), 'utf8');
}

function imagesOf(snapshots: Pick<SnapshotService, 'removeLayer'>) {
  const images: Yard['images'] = new Map();
  const store: BuildImages = {
    resolve: name => {
      const image = images.get(name);
      if (image !== undefined) return { ...image, references: [], digests: [] };
      throw new PlimsollError('not-found', `there is no image "${name}"`, {
        code: 'IMAGE_NOT_FOUND',
        hint: 'make it',
      });
    },
    pull: () =>
      Promise.reject(
        new PlimsollError('unavailable', 'these tests have no registry', {
          code: 'NO_REGISTRY',
          hint: 'none',
        }),
      ),
    attest: () => {},
    openCache: () => Promise.reject(new Error('these tests have no other caches')),
    writeCache: () => Promise.reject(new Error('these tests have no other caches')),
    create: ({ config, references }) => {
      const id = `sha256:${createHash('sha256').update(JSON.stringify(config)).digest('hex')}`;
      for (const name of [id, ...references])
        images.set(name, { id, config, layers: config.rootfs.diff_ids });
      return id;
    },
    layersOfImages: () => new Set([...images.values()].flatMap(image => image.layers)),
    freeLayers: async diffIds => {
      const used = new Set([...images.values()].flatMap(image => image.layers));
      let reclaimedBytes = 0;
      for (const diffId of diffIds)
        if (!used.has(diffId)) reclaimedBytes += (await snapshots.removeLayer(diffId))?.freedBytes ?? 0;
      return { reclaimedBytes };
    },
  };
  return { images, store };
}

function imageConfig(diffIds: readonly string[], config: ImageProcessConfig): ImageConfig {
  return {
    created: '2020-01-01T00:00:00.000Z',
    os: 'linux',
    architecture: 'amd64',
    config,
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: diffIds.map(() => ({ created: '2020-01-01T00:00:00.000Z', created_by: 'base' })),
  };
}

function outcomesOf(events: readonly BuildProgress[]): Record<string, string> {
  const planned = events.find(event => event.kind === 'planned');
  const nameOf = (step: number) => planned?.steps[step]?.name.replace(/^\[[^\]]*\] /, '') ?? '';
  return Object.fromEntries(
    events.flatMap(event =>
      event.kind === 'step-finished' ? [[nameOf(event.step), event.cacheMiss ?? event.outcome]] : [],
    ),
  );
}
