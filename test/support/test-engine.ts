import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { createContainerService } from '../../src/engine/container/index.ts';
import { createEventService } from '../../src/engine/events/index.ts';
import type { ImageService, ImageStore } from '../../src/engine/image/index.ts';
import type { NetworkService } from '../../src/engine/network/index.ts';
import { createRuntime } from '../../src/engine/runtime/index.ts';
import { createSnapshotService } from '../../src/engine/snapshot/index.ts';
import { createRootFolders, Database, type Root, resolveRoot } from '../../src/engine/store/index.ts';
import type { VolumeService } from '../../src/engine/volume/index.ts';
import type { ImageProcessConfig } from '../../src/oci/index.ts';
import { makeBusyboxRootfs } from './busybox-rootfs.ts';
import { noteLeftover } from './sweep.ts';

export type TestEngine = Awaited<ReturnType<typeof openTestEngine>>;

const launcher = resolve(import.meta.dirname, '../../bin/plimsoll');

/** A root of its own in the temp folder. Remove it with `removeRoot`. */
export function makeRoot(): Root {
  const dataDir = mkdtempSync('/var/tmp/plt-');
  noteLeftover({ folder: dataDir, command: [launcher, '--root', dataDir] });
  const root = resolveRoot({ root: dataDir, env: {}, uid: 0 });
  createRootFolders(root);
  return root;
}

/** Deletes a root and names what it left behind in the kernel; empty is right. */
export function removeRoot(root: Root): string[] {
  const cgroups = readdirSync('/sys/fs/cgroup').filter(name =>
    existsIn(join('/sys/fs/cgroup', name), root.id),
  );
  const runtime = readdirSync(join(root.runDir, 'runtime'));
  const runs = readdirSync(join(root.runDir, 'containers'));
  rmSync(root.runDir, { recursive: true, force: true });
  rmSync(root.dataDir, { recursive: true, force: true });
  return [...cgroups, ...runtime, ...runs];
}

/** The containers of a root, over an image `busybox` made from the host's; without networks but `none` and `host`. */
export async function openTestEngine(
  root: Root,
  {
    config = {} as ImageProcessConfig,
    runtime = undefined as { name: 'crun' | 'runc'; path: string } | undefined,
  } = {},
) {
  const db = Database.open(join(root.dataDir, 'plimsoll.db'));
  const events = createEventService({ root, db, clock: Date.now });
  const snapshots = createSnapshotService({ root, db });
  const failures: unknown[] = [];
  const machine = { goesDown: false };
  const diffId = await busyboxLayer(db, snapshots);
  const image = imageDetails(diffId, config);
  const containers = createContainerService({
    root,
    db,
    events,
    snapshots,
    images: {
      resolve: () => ({ ...image, layers: [diffId], digests: [] }),
    } as Partial<ImageStore> as ImageStore,
    applyChanges: config => config,
    networks: { disconnect: async () => {} } as Partial<NetworkService> as NetworkService,
    volumes: folderVolumes(join(root.dataDir, 'volumes')),
    runtime: () => createRuntime({ ...root, ...(runtime === undefined ? {} : { runtime }) }),
    clock: Date.now,
    isGoingDown: async () => machine.goesDown,
    self: [],
    report: error => failures.push(error),
  });
  return {
    root,
    db,
    events,
    containers,
    snapshots,
    failures,
    /** What the containers believe of it. */
    machine,
    async [Symbol.asyncDispose]() {
      await containers[Symbol.asyncDispose]();
      db.close();
    },
  };
}

async function busyboxLayer(
  db: Database,
  snapshots: ReturnType<typeof createSnapshotService>,
): Promise<string> {
  const known = db.get('SELECT layers FROM images');
  if (known !== undefined) return (JSON.parse(String(known.layers)) as string[])[0] ?? '';
  await using staged = await snapshots.stage([]);
  makeBusyboxRootfs(staged.target);
  using layer = await staged.commit();
  db.run('INSERT INTO images VALUES (?, ?, ?, 0, 0, 0)', imageId, 'sha256:0', JSON.stringify([layer.diffId]));
  return layer.diffId;
}

const imageId = `sha256:${'b'.repeat(64)}`;

function imageDetails(diffId: string, config: ImageProcessConfig): ReturnType<ImageService['inspect']> {
  const platform = { os: 'linux', architecture: 'amd64' };
  return {
    id: imageId,
    references: ['localhost/busybox:latest'],
    created: 0,
    sizeBytes: 0,
    uniqueBytes: 0,
    containers: [],
    labels: {},
    platform,
    manifestDigest: 'sha256:0',
    layers: [{ diffId, sizeBytes: 0 }],
    history: [],
    config: {
      ...platform,
      config: { Env: ['PATH=/bin'], Cmd: ['sh'], ...config },
      rootfs: { type: 'layers', diff_ids: [diffId] },
      history: [],
    },
  };
}

/** Volumes as plain folders, without records. */
function folderVolumes(folder: string): VolumeService {
  let count = 0;
  const inspect = (name: string) => {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true });
    return { name, path, anonymous: false, labels: {}, options: {}, created: 0, containers: [] };
  };
  return {
    list: () => readdirSync(folder).map(inspect),
    inspect,
    create: ({ name } = {}) => inspect(name ?? `anonymous-${count++}`),
    remove: async name => rmSync(join(folder, name), { recursive: true }),
    use: inspect,
    release: async () => {},
    mount: async () => {},
    unmount: async () => {},
    export: async () => Readable.from([]),
    import: async () => {},
    sizes: async () => new Map(),
  };
}

function existsIn(tree: string, rootId: string): boolean {
  try {
    return readdirSync(tree).includes(`plimsoll-${rootId}`);
  } catch {
    return false;
  }
}
