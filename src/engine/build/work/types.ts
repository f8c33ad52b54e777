import type { ImageHistory, ImageProcessConfig, Platform } from '../../../oci/index.ts';
import type { DriverName } from '../../snapshot/index.ts';
import type { BuildRequest, FailedRun } from '../types.ts';

/** An image in the making, one verb after another: files on top of an image's, and a config. It survives its makers. */
export interface WorkingContainer {
  /** 12 hex digits. */
  readonly id: string;
  readonly name: string;
  /** The name of the image that it began with; `scratch` for none. */
  readonly from: string;
  /** That image's id; none for `scratch`. */
  readonly image?: string;
  /** DiffIDs of that image, base first. */
  readonly layers: readonly string[];
  /** What its files are made with. Absent in records of earlier versions: `overlay`. */
  readonly driver?: DriverName;
  readonly platform: Platform;
  readonly config: ImageProcessConfig;
  readonly author?: string;
  /** That of the image, and what was done since. */
  readonly history: readonly ImageHistory[];
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** Its files stay mounted between verbs, for others to work on. */
  readonly isMounted: boolean;
  /** Of one that began with a failed step: what that had around it, which commands have too. */
  readonly step?: FailedRun;
}

export interface WorkFromRequest extends Pick<BuildRequest, 'pull' | 'registry' | 'platform' | 'signal'> {
  /** `scratch` begins with nothing. */
  readonly image: string;
  /** Default: `IMAGE-working-container`, with a number if that is taken. */
  readonly name?: string;
  /** A line of what a pull does. */
  readonly onProgress?: (line: string) => void;
}

export interface WorkRunRequest
  extends Pick<
    BuildRequest,
    'network' | 'hosts' | 'secrets' | 'ssh' | 'limits' | 'ulimits' | 'shmBytes' | 'isolation' | 'signal'
  > {
  readonly args: readonly string[];
  /** Beyond those of the config, for this command alone. */
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly cwd?: string;
  /** Mounts as `RUN --mount` has them; `from` is an image, a bind without it is of the folder `contextFolder`. */
  readonly mounts?: readonly string[];
  readonly contextFolder?: string;
  /** Folders of the host. Paths are absolute. */
  readonly volumes?: readonly {
    readonly source: string;
    readonly target: string;
    readonly readOnly: boolean;
  }[];
  /** With everything that the caller may do. */
  readonly privileged?: boolean;
  /** With the caller's own terminal; then `onOutput` gets nothing. */
  readonly terminal?: boolean;
  readonly onOutput?: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
}

export interface WorkCopyRequest extends Pick<BuildRequest, 'secrets' | 'ssh' | 'signal'> {
  /** Paths below `contextFolder`, of `from`, or (`add`) URLs and git repositories. */
  readonly sources: readonly string[];
  /** Default: the working directory. */
  readonly destination?: string;
  readonly contextFolder: string;
  /** An image or another working container to take the files from. */
  readonly from?: string;
  readonly chown?: string;
  readonly chmod?: string;
  readonly exclude?: readonly string[];
  readonly checksum?: string;
  /** As ADD does: fetch what is not a path, unpack archives. */
  readonly add?: boolean;
}

/** What is to be another in a config. A name of `env` or `labels` with undefined is taken away. */
export interface WorkConfigChange {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly labels?: Readonly<Record<string, string | undefined>>;
  readonly user?: string;
  readonly cwd?: string;
  readonly author?: string;
  /** Instructions of a Dockerfile, as in `commit --change`. */
  readonly changes?: readonly string[];
}

export interface WorkCommitRequest {
  readonly references?: readonly string[];
  /** The working container goes. */
  readonly remove?: boolean;
  readonly signal?: AbortSignal;
}

/** Images built step by step from a script, as Buildah's from, run, copy, config and commit do. */
export interface WorkService {
  /** Begins a working container, fetching its image if it is not here. Rejects with `conflict` for a name that is taken. */
  from(request: WorkFromRequest): Promise<WorkingContainer>;
  /**
   * Begins one with what a step that failed began with, its variables, folder and mounts, to look into it. Throws `conflict` for a
   * build without such a step, `not-found` if its layers were freed since.
   */
  fromFailure(build: string): Promise<WorkingContainer>;
  /** Newest first. */
  list(): WorkingContainer[];
  /** By name, id or the beginning of one. Throws `not-found` (`WORK_NOT_FOUND`). */
  inspect(name: string): WorkingContainer;
  /** Runs a command in it to its end; resolves with the exit code. */
  run(name: string, request: WorkRunRequest): Promise<number>;
  copy(name: string, request: WorkCopyRequest): Promise<void>;
  config(name: string, change: WorkConfigChange): WorkingContainer;
  /** Mounts its files for others to work on, until `unmount` or a reboot. Returns the folder. */
  mount(name: string): Promise<string>;
  unmount(name: string): Promise<void>;
  /** Makes an image of it, with one layer for all that was done. Returns the image's id; it can go on afterwards. */
  commit(name: string, request?: WorkCommitRequest): Promise<string>;
  remove(name: string): Promise<void>;
}
