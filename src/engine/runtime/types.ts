import type { ChildProcess, StdioOptions } from '../kernel/index.ts';
import type { RequestedDevice } from './spec/devices.ts';
import type { ContainerLimits } from './spec/limits.ts';
import type { NamespaceKind, NamespaceMode } from './spec/namespace-mode.ts';
import type { OciSpec } from './spec/oci-spec.ts';

/** A bind or tmpfs mount of a process to run; paths are absolute. */
export type ProcessMount =
  | {
      readonly type: 'bind';
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      /** How mounts made later reach the other side: mount_namespaces(7). Default `rprivate`. */
      readonly propagation?: string;
      /** False: without what is mounted below the source. Default true. */
      readonly recursive?: boolean;
      /** With `readOnly`: what is mounted below the source may still be written to. Default false. */
      readonly writableBelow?: boolean;
      /** Options of mount(8), in place of what all these say. */
      readonly options?: readonly string[];
      /** Owners of its files, as crun's option `idmap` has them: `uids=CONTAINER-HOST-LENGTH#…;gids=…`. */
      readonly idmap?: string;
    }
  | {
      readonly type: 'tmpfs';
      readonly target: string;
      readonly sizeBytes?: number;
      /** Permission bits. Default 1777. */
      readonly mode?: number;
      /** Programs in it may be run. Default false. */
      readonly exec?: boolean;
      /** Further options of mount(8) for a tmpfs, in place of the default ones. */
      readonly options?: readonly string[];
    };

/** A limit of a process as setrlimit(2) has it; -1: none. `name` is lower case, such as `nofile`. */
export interface Ulimit {
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

/** All that decides the OCI runtime spec of one container or build step; every default already applied. */
export interface ProcessRequest {
  readonly id: string;
  readonly rootfs: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  /** Numeric, resolved against the rootfs by the caller (`resolveUser`). */
  readonly user: { readonly uid: number; readonly gid: number; readonly additionalGids: readonly number[] };
  readonly hostname: string;
  readonly tty: boolean;
  /** The terminal's first size, with `tty`. */
  readonly terminalSize?: { readonly columns: number; readonly rows: number };
  readonly readOnlyRoot: boolean;
  readonly privileged: boolean;
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly noNewPrivileges: boolean;
  /** `unconfined`, the path of a profile in Docker's JSON form, or that profile itself; default: plimsoll's own. */
  readonly seccomp?: string;
  /** Path of a namespace to join; `host`; or `new` for an empty one. */
  readonly network: string;
  readonly mounts: readonly ProcessMount[];
  readonly limits: ContainerLimits;
  /** Of /dev/shm; default 64 MiB. */
  readonly shmBytes?: number;
  /** In place of a /dev/shm of its own: a folder that is bound there, or none. */
  readonly shm?: { readonly path: string } | 'none';
  /** Default: private ones, of cgroups only with cgroup v2. */
  readonly namespaces?: Readonly<Partial<Record<NamespaceKind, NamespaceMode>>>;
  readonly domainname?: string;
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Of the host; each stands for itself or, a folder, for all below it. */
  readonly devices?: readonly RequestedDevice[];
  /** Further lines of the device cgroup: `c 10:200 rwm`. */
  readonly deviceRules?: readonly string[];
  /** Name of an AppArmor profile, or `unconfined`. Default: the distribution's for containers. */
  readonly apparmor?: string;
  /** Nothing of /proc and /sys is masked or read-only. */
  readonly unmasked?: boolean;
  /** -1000 to 1000. */
  readonly oomScoreAdj?: number;
  readonly hooks?: OciSpec['hooks'];
  /** In place of the defaults, by the name that ulimit has for them (`nofile`). */
  readonly ulimits?: readonly Ulimit[];
  /** Relative to the cgroup mounts, such as `/plimsoll-1a2b3c4d/<id>`. */
  readonly cgroupPath: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Files are paths: the OCI process to run, where its pid goes, where the runtime's own complaints go as JSON lines. */
export interface ExecOptions {
  readonly processFile: string;
  readonly pidFile: string;
  readonly log: string;
  readonly stdio: StdioOptions;
  readonly tty: boolean;
}

/** The OCI runtime (crun, else runc) and the ways to run a process with it. All its state is the root's own. */
export interface Runtime {
  readonly name: 'crun' | 'runc';
  readonly path: string;
  /** Arguments that go before every verb: where the root's runtime state is. */
  readonly globalArgs: readonly string[];
  /** The program to give a monitor for `create`: `path`, or a wrapper of it where the host needs one. */
  readonly createPath: string;
  /** Takes a process that watches over containers out of its caller's cgroup, see `kernel/adopt.ts`. */
  adopt(pid: number): Promise<void>;
  /** Writes `config.json` for the request into the bundle folder (with the cached seccomp filter for crun). */
  writeBundle(bundle: string, request: ProcessRequest): Promise<{ warnings: readonly string[] }>;
  /** After a create: keeps what the runtime has compiled for this bundle, for the next one. */
  keepCompiledFilter(bundle: string, id: string): void;
  /** Starts the process of a created container. `hooks`: its spec has some that the runtime has to run then. */
  start(id: string, options?: { hooks?: boolean }): Promise<void>;
  /** Whether a created container has not been started yet. */
  isWaiting(id: string): boolean;
  /** Signals its first process (`all`: every process of it); does nothing if it is gone. */
  kill(id: string, signal: string, options?: { all?: boolean }): Promise<void>;
  /** Deletes what the runtime knows of it, killing what still runs; does nothing if it is gone. */
  delete(id: string): Promise<void>;
  /** Changes the limits of a running container. Returns what this kernel cannot limit. */
  update(id: string, limits: ContainerLimits): Promise<readonly string[]>;
  /** Starts `exec` of a process in a running container; the caller owns the child, its files and its end. */
  exec(id: string, options: ExecOptions): ChildProcess;
  /**
   * Runs a process to its end without a monitor, for build steps: it dies with the caller, or with the signal
   * (`cancelled`). Resolves with its exit code; throws `COMMAND_NOT_FOUND`, `COMMAND_NOT_EXECUTABLE` or
   * `RUNTIME_FAILED` if it could not be started. Nothing of it is left either way.
   */
  runToEnd(request: {
    readonly bundle: string;
    readonly process: ProcessRequest;
    readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
    readonly signal?: AbortSignal;
    /** With the caller's own terminal as its own (`process.tty`); then `onOutput` gets nothing. */
    readonly terminal?: boolean;
  }): Promise<number>;
}
