import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { applyChanges } from '../../src/engine/build/index.ts';
import { createEventService, type EventService } from '../../src/engine/events/index.ts';
import {
  createImageArchives,
  createImageService,
  type ImageArchives,
  type ImageStore,
} from '../../src/engine/image/index.ts';
import { createRegistryService, type RegistriesOptions } from '../../src/engine/registry/index.ts';
import {
  createSnapshotService,
  type HeldLayer,
  type SnapshotService,
} from '../../src/engine/snapshot/index.ts';
import { createRootFolders, Database, type Root, resolveRoot } from '../../src/engine/store/index.ts';
import { type TarEntry, tarEnd, tarPadding, writeTarHeader } from '../../src/lib/tar/index.ts';

/** Why tests of real layers cannot run here, if they cannot. */
export const noRoot = process.getuid?.() === 0 ? false : 'needs root: mounts overlays and makes devices';

/** A root of its own in the temporary folder, with its layers and images. */
export interface LayerRoot extends Disposable {
  readonly root: Root;
  readonly db: Database;
  readonly snapshots: SnapshotService;
  readonly images: ImageStore;
  readonly archives: ImageArchives;
  readonly events: EventService;
  /** A layer over `parents` of what `fill` does to the merged folder. */
  layer(parents: readonly string[], fill: (target: string) => void): Promise<HeldLayer>;
}

/** How its images reach registries. */
type LayerRootOptions = NonNullable<RegistriesOptions['client']> & { readonly env?: Record<string, string> };

/** Opens the root in `dataDir`, or makes one that is deleted in the end. */
export function openLayerRoot(dataDir?: string, { env = {}, ...client }: LayerRootOptions = {}): LayerRoot {
  const folder = dataDir ?? mkdtempSync(join(tmpdir(), 'layers-'));
  const root = resolveRoot({ root: folder, env: {}, uid: 0 });
  createRootFolders(root);
  const db = Database.open(join(folder, 'plimsoll.db'));
  const snapshots = createSnapshotService({ root, db });
  const events = createEventService({ root, db, clock: Date.now });
  const registries = createRegistryService({ env: { ...process.env, ...env }, client });
  const options = { root, db, snapshots, events, registries, clock: Date.now };
  const images = createImageService(options);
  const archives = createImageArchives({ ...options, applyChanges });
  return {
    root,
    db,
    snapshots,
    images,
    archives,
    events,
    layer: async (parents, fill) => {
      await using staged = await snapshots.stage(parents);
      fill(staged.target);
      return await staged.commit({ sourceDateEpoch: 1_700_000_000 }); // the same files are the same layer
    },
    [Symbol.dispose]: () => {
      db.close();
      if (dataDir !== undefined) return;
      rmSync(root.dataDir, { recursive: true, force: true });
      rmSync(root.runDir, { recursive: true, force: true });
    },
  };
}

/** Writes a file with the folders above it. */
export function put(target: string, path: string, content = path): void {
  mkdirSync(dirname(join(target, path)), { recursive: true });
  writeFileSync(join(target, path), content);
}

/** A tar entry with defaults; `content` sets the size. */
export type Member = Partial<TarEntry> & { readonly name: string; readonly content?: string };

/** A tar of members, exactly as they are said, however evil. */
export function tarOf(...members: readonly Member[]): Buffer {
  const parts = members.flatMap(({ content = '', ...entry }) => [
    writeTarHeader({ ...plainEntry, size: content.length, ...entry }),
    Buffer.from(content),
    Buffer.alloc(tarPadding(content.length)),
  ]);
  return Buffer.concat([...parts, tarEnd]);
}

/** Bytes as a stream in pieces of a size. */
export function streamOf(bytes: Buffer, pieceSize = 1000): Readable {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceSize) pieces.push(bytes.subarray(at, at + pieceSize));
  return Readable.from(pieces);
}

const plainEntry: Omit<TarEntry, 'name'> = {
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 1_700_000_000,
  linkName: '',
  major: 0,
  minor: 0,
  xattrs: [],
};
