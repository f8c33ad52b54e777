import type { Readable } from 'node:stream';
import type { Platform } from '../../oci/index.ts';
import type { PullRequest } from '../image/index.ts';
import type { ContainerLimits, Ulimit } from '../runtime/index.ts';
import type { BuildStep } from './build-step.ts';
import type { MountOperation, StepNetwork } from './plan/index.ts';

type Registry = Pick<PullRequest, 'name' | 'tlsVerify' | 'certDir'>;

/** A cache of another build: a folder with an OCI layout, or a repository (also an image with an inline cache). */
export type CacheFrom =
  | { readonly type: 'local'; readonly folder: string; readonly tag?: string }
  | ({ readonly type: 'registry' } & Registry);

/** Where a build's results go, for others; `inline`: into the image's own config. */
export type CacheTo =
  | { readonly type: 'inline' }
  | (CacheFrom & {
      /** Results of the steps in the image alone (default), or of all steps. */
      readonly mode?: 'min' | 'max';
      /** A failure to write it is a warning. */
      readonly ignoreErrors?: boolean;
    });

/** What a user asks of a build; paths are absolute. */
export interface BuildRequest {
  /**
   * Folder of the context; a git repository (`https://host/repo.git#ref:folder`); or the address of an archive or of a
   * Dockerfile. The Dockerfile's path is relative to a context that has to be fetched.
   */
  readonly context: string;
  /** An archive or a Dockerfile in place of the context, which then is only its name. */
  readonly stream?: Readable;
  /** Further contexts, by the name that FROM, `--from` and mounts have for them. */
  readonly contexts?: Readonly<
    Record<string, { readonly folder: string } | { readonly address: string } | { readonly image: string }>
  >;
  /** Path of the Dockerfile; default `<context>/Dockerfile`. */
  readonly dockerfile?: string;
  readonly tags?: readonly string[];
  readonly target?: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Says of the image how it was built (SLSA): `min` without values of arguments. */
  readonly provenance?: 'min' | 'max';
  /** Says of the image what is installed in it (SPDX). */
  readonly sbom?: boolean;
  /** One layer for all that the build adds to its base, in place of one for each step. */
  readonly squash?: boolean;
  readonly noCache?: boolean;
  /** Caches of other builds, asked in this order for what is not here; each layer comes when a step needs it. */
  readonly cacheFrom?: readonly CacheFrom[];
  readonly cacheTo?: readonly CacheTo[];
  /** When a registry is asked for a base image. Default `missing`. Never for what was made here (`localhost/`). */
  readonly pull?: 'missing' | 'always' | 'never';
  /** How registries are reached. */
  readonly registry?: Pick<PullRequest, 'tlsVerify' | 'certDir'>;
  /** Stages, by name or number, that the cache does not serve. */
  readonly noCacheStages?: readonly string[];
  /**
   * Files that the build makes have no time after SOURCE_DATE_EPOCH (a build argument, which the times of the image follow
   * anyway): the same build again is the same image, byte by byte.
   */
  readonly rewriteTimestamp?: boolean;
  /** What the image is for, such as `linux/arm64`. Default: this host. */
  readonly platform?: string;
  /** Network of RUN steps. Default `bridge`. */
  readonly network?: 'bridge' | 'host' | 'none';
  /** What RUN may ask for beyond a sandbox. Default: nothing. */
  readonly allow?: readonly ('network.host' | 'security.insecure')[];
  /** Lines of /etc/hosts in RUN steps, `name:address`. */
  readonly hosts?: readonly string[];
  /** Secrets of `RUN --mount=type=secret`, by id; they are in no layer, key, history and log. */
  readonly secrets?: Readonly<Record<string, { readonly file: string } | { readonly value: string }>>;
  /** Agents of `RUN --mount=type=ssh`, by id: the socket of one that runs, or private keys for one of the build's own. */
  readonly ssh?: Readonly<Record<string, { readonly socket: string } | { readonly keys: readonly string[] }>>;
  /** Of each RUN step. */
  readonly limits?: ContainerLimits;
  readonly ulimits?: readonly Ulimit[];
  /** Of /dev/shm in RUN steps. */
  readonly shmBytes?: number;
  /** Cgroup to run steps below. */
  readonly cgroupParent?: string;
  /**
   * How RUN is kept apart from the machine: `oci` in a container of the OCI runtime (default); `chroot` with another root
   * folder alone, where containers cannot be had: the processes and the network of the machine are seen.
   */
  readonly isolation?: 'oci' | 'chroot';
  /** How many steps run at once. Default: the number of cores. */
  readonly jobs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: BuildProgress) => void;
}

/** Something that a user should know of a build that goes on all the same. */
export interface BuildWarning {
  /** One sentence. */
  readonly message: string;
  /** Name of the lint rule that it comes from. */
  readonly rule?: string;
  /** Where that is explained. */
  readonly url?: string;
  /** 1-based lines of the Dockerfile. */
  readonly line?: number;
  readonly endLine?: number;
  /** What to do about it. */
  readonly fix?: string;
}

/** What the check of a Dockerfile found. */
export interface CheckReport {
  /** Name of the Dockerfile, and its text. */
  readonly file: string;
  readonly text: string;
  readonly warnings: readonly (BuildWarning & { readonly rule: string; readonly description: string })[];
  /** The Dockerfile wants its build to fail for them. */
  readonly isError: boolean;
}

/** What a Dockerfile offers to its builder. */
export interface BuildOutline {
  /** Every stage, in the order of the file; the last one is built by default. */
  readonly stages: readonly {
    readonly name: string;
    /** Without an alias: a number is its name. */
    readonly isNamed: boolean;
    readonly base: string;
    readonly line: number;
    readonly description?: string;
  }[];
  /** Arguments that the target uses. */
  readonly args: readonly {
    readonly name: string;
    readonly value?: string;
    readonly line: number;
    readonly description?: string;
  }[];
  readonly secrets: readonly { readonly id: string; readonly required: boolean; readonly line: number }[];
  readonly ssh: readonly { readonly id: string; readonly required: boolean; readonly line: number }[];
  /** Ids of cache mounts. */
  readonly caches: readonly { readonly id: string; readonly line: number }[];
  /** The stage that the rest is about. */
  readonly target: string;
}

/** What a build announces, in order. Also its journal (`builds/<id>.jsonl`), so that any process can follow it. */
export type BuildProgress =
  /** Several times while images have to be fetched to know the plan: each time all that is known. */
  | {
      readonly kind: 'planned';
      readonly time: number;
      readonly build: string;
      readonly steps: readonly BuildStep[];
    }
  | { readonly kind: 'step-started'; readonly time: number; readonly step: number }
  | {
      readonly kind: 'step-output';
      readonly time: number;
      readonly step: number;
      readonly stream: 'stdout' | 'stderr';
      readonly text: string;
    }
  | {
      readonly kind: 'step-finished';
      readonly time: number;
      readonly step: number;
      readonly outcome: 'done' | 'cached' | 'failed' | 'cancelled';
      /** For `done`: why the cache did not serve, in one phrase ("ARG VERSION changed", "src/a.ts changed"). */
      readonly cacheMiss?: string;
      readonly layerBytes?: number;
      readonly error?: string;
    }
  | ({ readonly kind: 'warned'; readonly time: number } & BuildWarning)
  | {
      readonly kind: 'finished';
      readonly time: number;
      readonly outcome: 'succeeded' | 'failed' | 'cancelled';
      readonly image?: string;
      readonly error?: string;
    };

/** The step at which a build failed, and what it began with. */
export interface FailedStep {
  /** As `BuildStep.name`. */
  readonly name: string;
  /** DiffIDs, base first. */
  readonly layers: readonly string[];
  readonly platform: Platform;
  /** Of its command, arguments of the build too. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly user: string;
  /** Of a RUN. */
  readonly command?: readonly string[];
  readonly run?: FailedRun;
}

/** What a RUN that failed had around it. Secrets and keys are not in it: whoever looks into it brings them again. */
export interface FailedRun {
  /** Those of stages show layers, as those of images do. */
  readonly mounts: readonly MountOperation[];
  readonly network: StepNetwork;
  readonly hosts: readonly string[];
  readonly privileged: boolean;
  /** Folder of the context, or where it was fetched from, and the Dockerfile in it. */
  readonly context: string;
  readonly dockerfile: string;
  /** Folders of further contexts, by name. */
  readonly contexts: Readonly<Record<string, string>>;
}

/** A build as the list shows it, past or running, of any process of the root. */
export interface BuildRecord {
  readonly id: string;
  readonly started: number;
  readonly finished?: number;
  /** `lost`: the process that ran it died. */
  readonly state: 'running' | 'succeeded' | 'failed' | 'cancelled' | 'lost';
  readonly context: string;
  readonly dockerfile: string;
  readonly tags: readonly string[];
  readonly target?: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly image?: string;
  readonly error?: string;
  /** From it `WorkService.fromFailure` begins. */
  readonly failedStep?: FailedStep;
  readonly owner: { readonly pid: number; readonly startTime: number };
}

/** Something that the build cache holds. Times are milliseconds since the epoch. */
export interface CacheRecord {
  readonly id: string;
  /** The layer of a step, a folder of `RUN --mount=type=cache`, or the digest of files in layers. */
  readonly kind: 'layer' | 'mount' | 'digest';
  readonly description: string;
  /** What it takes on the disk, as `du` says; several records of one layer each say all of it. */
  readonly sizeBytes: number;
  readonly created: number;
  readonly lastUsed: number;
  /** A build needs it now. */
  readonly inUse: boolean;
  /** An image has the layer too: without the record, it stays. */
  readonly shared: boolean;
  /** DiffID. */
  readonly layer?: string;
}

/**
 * How much the build cache may take on the disk, counting what no image has too; BuildKit's three figures. Without any of
 * them nothing is bounded.
 */
export interface CacheLimits {
  readonly maxUsedBytes?: number;
  /** This much may stay, however little is free on the disk, and whatever `maxUsedBytes` says. */
  readonly reservedBytes?: number;
  /** Where less than this is free on the disk, the cache gives back what is missing. */
  readonly minFreeBytes?: number;
}

/** A size, or a part of the disk. */
export type CacheShare = { readonly bytes: number } | { readonly percent: number };

/** What a user wants the limits of the build cache to be; what is not said is as by default. */
export interface CacheSettings {
  /** False: builds throw nothing away. */
  readonly gc?: boolean;
  readonly maxUsed?: CacheShare;
  readonly reserved?: CacheShare;
  readonly minFree?: CacheShare;
}

/** Which records are meant: those for which all of it holds; with limits, the least recently used ones until they are kept. */
export interface CacheSelection extends CacheLimits {
  readonly unusedForMs?: number;
  readonly kinds?: readonly CacheRecord['kind'][];
  /** Beginnings of ids. */
  readonly ids?: readonly string[];
  /** DiffIDs of results. */
  readonly layers?: readonly string[];
}

/** What a step of a build took. */
export interface StepCost {
  /** As `BuildStep.name`. */
  readonly name: string;
  readonly outcome: 'done' | 'cached' | 'failed' | 'cancelled';
  readonly milliseconds: number;
  readonly cacheMiss?: string;
  readonly layerBytes?: number;
}

/** Builds of a root. */
export interface BuildService {
  /**
   * Builds an image. Rejects with `DockerfileError` for a mistake in the Dockerfile or a failing step,
   * `cancelled` if the signal fired; then no image and no half-made layer is left.
   */
  build(request: BuildRequest): Promise<{ build: string; image: string }>;
  /** What the lint rules have against the Dockerfile of a request; builds nothing. */
  check(request: BuildRequest): Promise<CheckReport>;
  /** What the Dockerfile of a request offers; builds nothing. */
  outline(request: BuildRequest): Promise<BuildOutline>;
  /** Newest first. */
  list(options?: { limit?: number }): BuildRecord[];
  /** The progress of a build from its beginning, following it while it runs. */
  follow(build: string, options: { signal: AbortSignal }): AsyncIterable<BuildProgress>;
  /** What the steps of the newest build that made an image took; empty if no build that is remembered did. */
  costs(image: string): Promise<StepCost[]>;
  /** What the cache holds, least recently used first. */
  cacheUsage(selection?: CacheSelection): Promise<CacheRecord[]>;
  /** Within what bounds each build leaves the cache; undefined if there are none. */
  cacheLimits(): Promise<CacheLimits | undefined>;
  /** Frees cache records with their layers and folders: those selected (default: all), but none that is in use. */
  pruneCache(selection?: CacheSelection): Promise<{ records: number; reclaimedBytes: number }>;
}
