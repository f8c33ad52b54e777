import type { PruneOptions } from '../container/index.ts';

/** One thing found wrong by `system check`. */
export interface CheckProblem {
  /** `database`, `blob`, `layer`, `download`, `image`, `container`, `mount`, `lease`, `network`, `cgroup`, `volume`, `build`, `cache mount`. */
  readonly area: string;
  readonly subject: string;
  readonly problem: string;
  /** What `repair` would do. */
  readonly fix?: string;
}

export interface SystemInfo {
  readonly root: {
    readonly id: string;
    readonly dataDir: string;
    readonly runDir: string;
    readonly rootless: boolean;
  };
  readonly runtime: string;
  readonly cgroupVersion: 'v1' | 'v2' | 'hybrid';
  /** Who carries what containers send and what is published: decides speed, and whose address a server sees. */
  readonly networking: string;
  readonly containers: { readonly running: number; readonly paused: number; readonly stopped: number };
  readonly images: number;
}

/** With what the root filesystems of new containers and of builds are made. */
export interface StorageInfo {
  /** `overlay`, `fuse-overlayfs` or `copy`; of an engine elsewhere whatever it calls it. */
  readonly driver: string;
  /** Why it is that one, where it was asked for or something keeps a better one from being taken. */
  readonly why?: string;
}

/** What one kind of things takes on the disk of a root. */
export interface DiskCategory {
  /**
   * `work`: what is being made or deleted at this moment; `orphans`: what no record names; `engine`: the database, the
   * history, the journals of builds.
   */
  readonly kind: 'images' | 'containers' | 'volumes' | 'cache' | 'downloads' | 'work' | 'orphans' | 'engine';
  readonly count: number;
  /** How many are in use. */
  readonly active: number;
  readonly sizeBytes: number;
  /** What `prune` would free of it, if nothing were kept. */
  readonly reclaimableBytes: number;
}

/** An image's part of the disk: its layers, also packed ones, and its documents. */
export interface ImageUsage {
  readonly id: string;
  readonly sizeBytes: number;
  /** Of layers that other images have too. */
  readonly sharedBytes: number;
  readonly uniqueBytes: number;
  /** How many are made from it. */
  readonly containers: number;
}

/** A file or folder of the root that no record names. */
export interface OrphanUsage {
  /** In the root. */
  readonly path: string;
  readonly sizeBytes: number;
}

/** Every byte that a root takes on its disk. */
export interface DiskUsage {
  /** Its folder. */
  readonly root: string;
  /** What `du -x` says of the folder. */
  readonly totalBytes: number;
  /** Every byte is of one of them: together they are `totalBytes`. */
  readonly categories: readonly DiskCategory[];
  readonly images: readonly ImageUsage[];
  readonly containers: readonly { readonly id: string; readonly sizeBytes: number }[];
  readonly volumes: readonly { readonly name: string; readonly sizeBytes: number }[];
  readonly orphans: readonly OrphanUsage[];
}

/** What `prune` shall take, and only of what was made before `until` and has or has not these labels. */
export interface SystemPruneRequest extends PruneOptions {
  /** All images without a container and the whole cache, not only what has no name and what no image has. */
  readonly all?: boolean;
  /** Also volumes without a name that no container has. */
  readonly volumes?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What `prune` has taken. */
export interface SystemPruned {
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
  /** Ids of images, and diffIDs of layers. */
  readonly images: readonly string[];
  /** Number of records of the build cache. */
  readonly cacheRecords: number;
  readonly orphans: readonly OrphanUsage[];
  readonly reclaimedBytes: number;
}

export interface SystemService {
  info(): SystemInfo;
  storage(): Promise<StorageInfo>;
  /**
   * Proves the root: every reference, digest, mount and lease. `repair` mends what can be mended. What others are just
   * doing is no trouble: what seems wrong is looked at again.
   */
  check(options?: { repair?: boolean; deep?: boolean; signal?: AbortSignal }): Promise<CheckProblem[]>;
  /** Says of every byte of the root to what it belongs. Reads the whole folder. */
  diskUsage(options?: { signal?: AbortSignal | undefined }): Promise<DiskUsage>;
  /** Networks that no container, running or not, wants to be on, but the built-in ones. */
  unusedNetworks(): string[];
  /**
   * Removes what nothing needs: stopped containers, networks of none, images without a name, cache that no image has,
   * and what no record names. Each step is whole in itself: what a cancelled one has not taken stays.
   */
  prune(request?: SystemPruneRequest): Promise<SystemPruned>;
}
