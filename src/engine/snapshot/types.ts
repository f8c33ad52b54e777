import type { Readable } from 'node:stream';
import type { DriverName, StorageChoice } from './drivers/types.ts';
import type { FilePart } from './packed/packed-tar.ts';

/**
 * An unpacked layer: a folder with one layer's files as overlayfs wants them (whiteouts are character devices 0:0,
 * opaque folders carry the xattr trusted.overlay.opaque=y). Immutable once committed.
 */
export interface Layer {
  /** `sha256:<hex>` of its uncompressed tar, as `exportTar` writes it: as it came, or ours if it was made here. */
  readonly diffId: string;
  /** The folder with its files. */
  readonly path: string;
  /** Bytes of its regular files. */
  readonly sizeBytes: number;
  /** Bytes of that tar. */
  readonly tarBytes: number;
  /** The file that says how to put its tar together, if it came from elsewhere. */
  readonly recipe?: string;
}

/** A layer that is no more. */
export interface RemovedLayer extends Layer {
  /** What it took on the disk, in blocks, folders and recipe too. */
  readonly freedBytes: number;
}

/** A layer tar from elsewhere, which must have the diffID that its image names. */
export interface LayerImport {
  readonly diffId: string;
  /** Where its tar is, packed with gzip, zstd or not at all, as its first bytes tell. */
  readonly file: FilePart;
  /** Most bytes that its files may have. Default: what an honest layer of that size can unpack to. */
  readonly byteLimit?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A layer leased to this process: it is not freed while this process lives, or until this is disposed of. Dispose of
 * it once an image or a cache record names the layer.
 */
export interface HeldLayer extends Layer, Disposable {}

/**
 * A layer in the making: a tree of `parents` is seen at `target`, all changes land in a folder of its own. Ends with
 * exactly one of `commit` and disposal; what a dead process left is swept by its lease.
 */
export interface StagedLayer extends AsyncDisposable {
  /** The merged root filesystem, to write into. */
  readonly target: string;
  /** The folder in which the changes land. Not to be written to while `target` is mounted. */
  readonly upper: string;
  /** Unmounts `target`; from now on `upper` may be written to, which costs half as much. Safe to call twice. */
  detach(): Promise<void>;
  /**
   * Tells what a file of `upper` holds that was written there and is not written to again, so that `commit` need not
   * read it. `path` is relative. Kept as far as there is room.
   */
  wrote(path: string, content: Uint8Array): void;
  /**
   * Unmounts, computes the diffID, and makes the changes a layer (durable before it is recorded; if the same layer is
   * there already, that one is used). `sourceDateEpoch` (seconds) caps mtimes.
   */
  commit(options?: { sourceDateEpoch?: number }): Promise<HeldLayer>;
  /** Unmounts and deletes. Does nothing after `commit`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A folder of this process in the root's `tmp`; deleted, with mounts in it taken away, when it is disposed of. */
export interface ScratchFolder extends AsyncDisposable {
  readonly path: string;
}

/** A writable view of a folder; what is written into it is lost when it is disposed of. */
export interface CoveredFolder extends AsyncDisposable {
  readonly target: string;
}

/** How a path differs from the layers below. */
export interface LayerChange {
  readonly kind: 'added' | 'changed' | 'deleted';
  /** Absolute in the root filesystem. */
  readonly path: string;
}

/** Layers, and where what is changed in the tree that they make is kept. */
export interface KeptTree {
  /** DiffIDs, base first. */
  readonly layers: readonly string[];
  readonly upper: string;
  readonly work: string;
  /** What the tree is made with, for all its life. Default: `overlay`, as those are that were made before there was a choice. */
  readonly driver?: DriverName | undefined;
}

export interface MountRequest extends KeptTree {
  readonly target: string;
  /** Its changes go with its container, so that nobody has to wait until they are on the disk. */
  readonly disposable?: boolean | undefined;
  /** For a driver that takes a while: what is made so far is begun anew the next time. */
  readonly signal?: AbortSignal | undefined;
}

/** Something in a layer's own folder. */
export interface LayerEntry {
  /** Relative, bytes as latin1 text. */
  readonly path: string;
  /** `whiteout`: what lower layers have there is deleted. */
  readonly kind: 'file' | 'folder' | 'whiteout' | 'other';
  /** Of a file. */
  readonly bytes: number;
  /** A folder of which lower layers' content is deleted. */
  readonly isOpaque: boolean;
  /** Of a file with several names: the same for all of them. */
  readonly inode?: number;
}

/** Layers that follow one another, as diffIDs, base first. */
export interface MergeRequest {
  /** What they stand on. */
  readonly below: readonly string[];
  readonly layers: readonly string[];
  /** Seconds: caps mtimes. */
  readonly sourceDateEpoch?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A container's folder of changes. */
export interface ChangedFolder extends KeptTree {
  /** Absolute paths that something was mounted on: what had to be made for that, and is empty, is no change. */
  readonly mountPoints: readonly string[];
}

/** Layers of a root, and root filesystems made of them. Layers are named by diffID, base first. */
export interface SnapshotService {
  layer(diffId: string): Layer | undefined;
  /** Leases a layer to this process, so that it is not freed while it is about to be named. Throws `LAYER_MISSING`. */
  hold(diffId: string): HeldLayer;
  stage(parents: readonly string[], options?: { signal?: AbortSignal }): Promise<StagedLayer>;
  /** Unpacks an (uncompressed) layer tar safely into a new layer; its diffID is that of our canonical repacking. */
  importTar(tar: Readable, options?: { signal?: AbortSignal }): Promise<HeldLayer>;
  /**
   * Unpacks a layer tar from elsewhere safely, and keeps what is needed to give it out again byte by byte. Does nothing
   * if the layer is there. Throws `data-loss` (`DIGEST_MISMATCH`) if it does not have its diffID; then nothing is kept.
   */
  importLayer(request: LayerImport): Promise<HeldLayer>;
  /**
   * The uncompressed tar of a layer, which hashes to its diffID: as it came, or for one made here canonical (sorted,
   * numeric owners, whiteouts as `.wh.`).
   */
  exportTar(diffId: string): Readable;
  /**
   * Mounts a container's root filesystem at `target` (made if missing) over `layers`, with changes kept in
   * `upper`/`work` (made if missing). Idempotent: does nothing if it is mounted already. Returns where it is seen:
   * elsewhere for who may not mount.
   */
  mount(request: MountRequest): Promise<string>;
  /** With which driver trees are made from now on, as what works here. `anew`: tries once more. */
  storage(options?: { anew?: boolean }): Promise<StorageChoice>;
  /** What a container has changed, folders before what is in them. */
  changes(folder: ChangedFolder): Promise<LayerChange[]>;
  /**
   * A layer with what a container has changed; the container's own folder stays as it is. Files that vanish meanwhile
   * are left out.
   */
  capture(folder: ChangedFolder, options?: { signal?: AbortSignal }): Promise<HeldLayer>;
  /** One layer in place of several: the same files are seen. */
  merge(request: MergeRequest): Promise<HeldLayer>;
  /** Lazily unmounts `target`; does nothing if it is not mounted. */
  unmount(target: string): Promise<void>;
  /** Mounts of this root that are there now. */
  mounts(): string[];
  /** What a layer's own folder holds, folders before what is in them. Hold the layer meanwhile. */
  entries(diffId: string): AsyncIterable<LayerEntry>;
  /** All layers of the root. */
  layers(): Layer[];
  /**
   * Frees a layer and returns it; does nothing while a living process holds it, or when `isUsed` (asked inside the
   * transaction, so that nobody can begin to use it meanwhile) says that an image or the cache refers to it.
   */
  removeLayer(diffId: string, isUsed?: (diffId: string) => boolean): Promise<RemovedLayer | undefined>;
  /**
   * Makes a tree of any folder, which stays as it is. `hide`: paths in it (relative, folders before what is in
   * them) that are not seen. If this process dies, the next `sweep` takes it away.
   */
  cover(folder: string, options?: { hide?: readonly string[]; signal?: AbortSignal }): Promise<CoveredFolder>;
  /** A folder for work in progress: if this process dies, the next `sweep` of any process deletes it. */
  scratch(): Promise<ScratchFolder>;
  /** True if the layer's files still hash to its diffID. Reads all of it. */
  verifyLayer(diffId: string, options?: { signal?: AbortSignal }): Promise<boolean>;
  /** Tidies up after processes that died: staged layers with their mounts, folders without a row. Call it at open. */
  sweep(): Promise<{ staged: number; layers: number }>;
}
