import type { Readable, Writable } from 'node:stream';
import type { PublishedPort } from '../network/index.ts';
import type { ContainerLimits, RequestedDevice, Ulimit } from '../runtime/index.ts';
import type { Health, HealthCheck, HealthSpec } from './health/types.ts';

/** Docker's restart policies (docs.docker.com/engine/containers/start-containers-automatically). */
export type RestartPolicy =
  | { readonly name: 'no' | 'always' | 'unless-stopped' }
  | { readonly name: 'on-failure' /** 0: without end. */; readonly maximumRetries: number };

export type ContainerMount =
  | {
      readonly type: 'bind';
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      /** How mounts made later reach the other side: `rprivate` (default), `rslave`, `rshared` and without the r. */
      readonly propagation?: string;
      /** What is mounted below the source: there too (default), not at all, or there and writable or read-only. */
      readonly recursive?: 'enabled' | 'disabled' | 'writable' | 'readonly';
      /**
       * Shows its files under other owners: true: those of the owner of `source` are the container's user's, and the
       * other way round; or crun's own form, `uids=CONTAINER-HOST-LENGTH;gids=…`.
       */
      readonly idmap?: true | string;
      /** Where this machine has nothing at the source, a start makes a folder there. Else it is refused. */
      readonly createSource?: true;
    }
  | {
      readonly type: 'volume' /** Empty: anonymous. */;
      readonly name: string;
      readonly target: string;
      readonly readOnly: boolean;
      /** Do not fill it with what the image has there. */
      readonly noCopy?: boolean;
      /** A folder of the volume in place of all of it. */
      readonly subpath?: string;
    }
  | {
      readonly type: 'tmpfs';
      readonly target: string;
      readonly sizeBytes?: number;
      /** Permission bits. Default 1777. */
      readonly mode?: number;
      /** Options of mount(8), in place of nosuid, nodev and noexec where they say the opposite. */
      readonly options?: readonly string[];
    };

/** How a container is on a network. */
export interface NetworkAttachment {
  readonly network: string;
  /** Further names that resolve to it there. */
  readonly aliases?: readonly string[];
  /** Without prefix length; default the next free one. */
  readonly address?: string;
  /** The same of IPv6, on a network that has it. */
  readonly address6?: string;
  readonly mac?: string;
  /** Docker's links: names of its own for others on the network. */
  readonly links?: readonly { readonly container: string; readonly alias: string }[];
}

/** Who keeps a container's output: a file of its own (all but the last two), the machine's journal, or nobody. */
export type LogDriver = 'json-file' | 'local' | 'k8s-file' | 'journald' | 'none';

export interface LogSpec {
  readonly driver: LogDriver;
  /** docker's `--log-opt`: `max-size`, `max-file`; `labels`, `env`, `tag` and such for `LogOptions.details`. */
  readonly options?: Readonly<Record<string, string>>;
}

/** What a container is to be; everything a user may choose. Serialised as it is. */
export interface ContainerSpec {
  readonly image: string;
  /** Default: a made-up one. */
  readonly name?: string;
  /** Replaces the image's CMD. */
  readonly command?: readonly string[];
  /** Replaces the image's ENTRYPOINT; an empty list clears it. */
  readonly entrypoint?: readonly string[];
  /** `NAME=value`, over the image's. */
  readonly env?: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
  readonly hostname?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly tty?: boolean;
  /** Keep standard input open, for attach. */
  readonly openStdin?: boolean;
  readonly autoRemove?: boolean;
  readonly restart?: RestartPolicy;
  readonly ports?: readonly PublishedPort[];
  readonly mounts?: readonly ContainerMount[];
  /** `bridge` (plimsoll's own), `host`, `none`, `container:NAME`, or the name of a network. Default `bridge`. */
  readonly network?: string;
  /** Further networks, and what is special about `network`. */
  readonly attachments?: readonly NetworkAttachment[];
  readonly dns?: readonly string[];
  /** In place of the host's search list; `.` alone: none. */
  readonly dnsSearch?: readonly string[];
  readonly dnsOptions?: readonly string[];
  /** `host:ip`; `host-gateway` stands for the host's own address on its network. */
  readonly extraHosts?: readonly string[];
  readonly limits?: ContainerLimits;
  readonly readOnlyRoot?: boolean;
  readonly privileged?: boolean;
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly noNewPrivileges?: boolean;
  /** `unconfined`, a profile's path, or the profile itself; default: plimsoll's own, as strict as Docker's. */
  readonly seccomp?: string;
  readonly stopSignal?: string;
  readonly stopTimeoutSeconds?: number;
  readonly health?: HealthSpec;
  /** Default: a file, three of 20 MB at most. */
  readonly log?: LogSpec;
  readonly domainname?: string;
  /** A small init as its first process, which passes signals on and reaps. */
  readonly init?: boolean;
  /** Ports that it listens on, beside the image's: `80/tcp`. */
  readonly expose?: readonly string[];
  /** All that other containers have mounted. */
  readonly volumesFrom?: readonly { readonly container: string; readonly readOnly?: boolean }[];
  /** Of the OCI runtime spec. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Of /dev/shm. */
  readonly shmBytes?: number;
  /** `private`, `host`, `container:NAME`; ipc also `shareable` and `none`. Default `private`. */
  readonly ipc?: string;
  readonly pid?: string;
  readonly uts?: string;
  /** Default `private` with cgroup v2, else `host`. */
  readonly cgroupns?: string;
  /** Only `host`, and empty: there are no user namespaces per container. */
  readonly userns?: string;
  readonly devices?: readonly RequestedDevice[];
  /** Lines of the device cgroup: `c 10:200 rwm`. */
  readonly deviceRules?: readonly string[];
  /** Devices by the name that a CDI spec has for them: `vendor.com/class=name`. */
  readonly cdiDevices?: readonly string[];
  /** GPUs by their CDI specs: all, the first so many, or those of these ids. */
  readonly gpus?: 'all' | number | readonly string[];
  readonly ulimits?: readonly Ulimit[];
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Groups beside the user's own, by name or number. */
  readonly groupAdd?: readonly string[];
  /** Name of an AppArmor profile, or `unconfined`. */
  readonly apparmor?: string;
  /** Nothing of /proc and /sys is masked or read-only. */
  readonly unmasked?: boolean;
  /** How likely the kernel is to kill it when the machine's memory runs out: -1000 to 1000. */
  readonly oomScoreAdj?: number;
  /** The cgroup below which its own is made. */
  readonly cgroupParent?: string;
}

export type ContainerStatus =
  | 'created'
  | 'running'
  | 'paused'
  | 'restarting'
  | 'exited'
  | 'removing'
  | 'dead';

/** Where a container stands. Times are milliseconds since the epoch. */
export interface ContainerState {
  readonly status: ContainerStatus;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  /** Of the last run: 128+n for signal n; absent while running or when its monitor died (then `exitUnknown`). */
  readonly exitCode?: number;
  readonly exitUnknown?: boolean;
  readonly oomKilled?: boolean;
  /** The init process and its monitor, while there are any. */
  readonly process?: { readonly pid: number; readonly startTime: number };
  readonly monitor?: { readonly pid: number; readonly startTime: number };
  readonly bootId?: string;
  readonly restartCount: number;
  /** Set by `stop` and `kill`, so that a restart policy knows a person meant it. */
  readonly stoppedByUser?: boolean;
  /** One sentence, when a start failed. */
  readonly error?: string;
  /** Of the current (or last) run, if it has a health check. */
  readonly health?: Health;
}

/** One container in a list. */
export interface ContainerSummary {
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly imageId: string;
  /** As the user wrote it. */
  readonly imageName: string;
  /** The full command line that runs. */
  readonly command: readonly string[];
  readonly created: number;
  readonly state: ContainerState;
  /** As they are while running (chosen host ports filled in). */
  readonly ports: readonly PublishedPort[];
  readonly limits: ContainerLimits;
  readonly labels: Readonly<Record<string, string>>;
  /** Ports that it listens on by what the image and its creator say: `80/tcp`. */
  readonly exposed: readonly string[];
  readonly network: string;
  readonly addresses: readonly string[];
  readonly mounts: readonly ContainerMount[];
  /** Where its cgroup is, for stats: relative to the cgroup mount. Absent where there is none (rootless). */
  readonly cgroupPath?: string;
}

export interface ContainerDetails extends ContainerSummary {
  readonly spec: ContainerSpec;
  readonly entrypoint: readonly string[];
  readonly env: readonly string[];
  readonly workdir: string;
  readonly user: string;
  readonly logPath: string;
  /** What its root filesystem is made with: `overlay`, `fuse-overlayfs`, `copy`. */
  readonly driver: string;
  readonly healthCheck?: HealthCheck;
  readonly warnings: readonly string[];
  /** Ids of commands that were made for it (`ExecService`) and have not ended. */
  readonly execs?: readonly string[];
}

export interface LogOptions {
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly until?: number;
  /** Last lines only; default all. */
  readonly tail?: number;
  readonly follow?: boolean;
  /** With each entry also what the log says of its origin. */
  readonly details?: boolean;
  readonly signal?: AbortSignal;
}

/** One piece of a container's output. `line` has no newline of its own; `partial` lines go on in the next entry. */
export interface LogEntry {
  /** RFC 3339 with nanoseconds, as the monitor wrote it. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  readonly line: Buffer;
  readonly partial: boolean;
  /** With `details`: by the options of its log, as docker writes it (`env=prod,tag=web`); may be empty. */
  readonly attributes?: string;
}

export interface ExecRequest {
  readonly command: readonly string[];
  readonly tty?: boolean;
  readonly env?: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
  readonly privileged?: boolean;
  /** `inherit`: this process's own terminal or pipes (a shell). Else streams; omitted output is returned. */
  readonly stdio?: 'inherit' | { stdin?: Readable; stdout?: Writable; stderr?: Writable };
  readonly detach?: boolean;
  /** With `tty` and streams: the first size of the terminal that is made for it. */
  readonly terminalSize?: { readonly columns: number; readonly rows: number };
  /** Told when the command is being started. */
  readonly onStart?: (process: ExecProcess) => void;
  readonly signal?: AbortSignal;
}

/** A command that runs in a container. */
export interface ExecProcess {
  /** As the host numbers it; undefined before it has started. */
  pid(): number | undefined;
  /** Changes the size of a terminal that was made for it; else does nothing. */
  resize(size: { columns: number; rows: number }): void;
}

/** Some of what a process has written. */
export interface OutputPiece {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
  /** Says that nobody looks at `data` any more, so that its memory may be used again. Who never says so just takes more. */
  readonly release?: () => void;
}

/** A live connection to a container's streams. Closing it leaves the container alone. */
export interface Attachment extends AsyncDisposable {
  /** Output as it comes; ends when the container does. With a terminal all of it is `stdout`. */
  readonly output: AsyncIterable<OutputPiece>;
  /** Bytes for standard input; needs `openStdin`. Resolves when they are taken, or nobody is left to take them. */
  write(data: Uint8Array): Promise<void>;
  /** Ends standard input, after all that was written. */
  endInput(): void;
  resize(size: { columns: number; rows: number }): void;
}

/** Containers of a root. A `name` is a name, an id or a unique prefix of an id. All verbs are safe among processes. */
export interface ContainerService {
  list(options?: { all?: boolean }): ContainerSummary[];
  /** Throws `not-found` (`CONTAINER_NOT_FOUND`). */
  inspect(name: string): ContainerDetails;
  /** Throws `conflict` (`NAME_IN_USE`), `not-found` (`IMAGE_NOT_FOUND`), `invalid-argument`. */
  create(spec: ContainerSpec, options?: { signal?: AbortSignal }): Promise<ContainerDetails>;
  /**
   * Throws `conflict` (`PORT_IN_USE`, or an illegal move), and leaves nothing of the failed start behind. Returns what
   * could not be given as asked, a sentence each.
   */
  start(
    name: string,
    options?: { signal?: AbortSignal; terminalSize?: { columns: number; rows: number } },
  ): Promise<{ readonly warnings: readonly string[] }>;
  /** Stop signal, grace (default the spec's, else 10 s), SIGKILL. */
  stop(name: string, options?: StopOptions): Promise<void>;
  restart(name: string, options?: StopOptions): Promise<void>;
  /** Sends a signal by name or number (default SIGKILL). */
  kill(name: string, signal?: string): Promise<void>;
  pause(name: string): Promise<void>;
  unpause(name: string): Promise<void>;
  remove(name: string, options?: { force?: boolean; volumes?: boolean }): Promise<void>;
  /** Resolves with the exit code of the current (or last) run; -1 when it cannot be known. */
  wait(name: string, options?: { signal?: AbortSignal }): Promise<number>;
  logs(name: string, options?: LogOptions): AsyncIterable<LogEntry>;
  /** Changes the size of a running container's terminal. */
  resize(name: string, size: { columns: number; rows: number }): void;
  /** `nextRun`: waits until this process starts it, and is connected before its command runs. */
  attach(name: string, options?: { signal?: AbortSignal; nextRun?: boolean }): Promise<Attachment>;
  exec(name: string, request: ExecRequest): Promise<{ exitCode: number; stdout: Buffer; stderr: Buffer }>;
  /** Processes inside, as the host sees them. */
  top(name: string): ContainerProcess[];
  /** The same as ps(1) of the host shows them with these options. Throws `invalid-argument` (`PS_OPTIONS`). */
  ps(name: string, options: readonly string[]): Promise<ProcessTable>;
  /** Changes limits, also while it runs, and its restart policy. Returns what could not be given as asked. */
  update(name: string, change: ContainerChange): Promise<{ readonly warnings: readonly string[] }>;
  rename(name: string, newName: string): Promise<void>;
  /** Puts a container on a further network, also while it runs. Throws `conflict` if it is on it, or may be on none. */
  connect(name: string, attachment: NetworkAttachment): Promise<void>;
  /** Takes a container off a network, also while it runs. Throws `conflict` if it is not on it, or on no other. */
  disconnect(name: string, network: string): Promise<void>;
  /** Removes those that have ended or never started, of those that the options name. */
  prune(options?: PruneOptions): Promise<{ deleted: string[]; reclaimedBytes: number }>;
}

/** How to stop; what is missing is the container's own. */
export interface StopOptions {
  /** The signal that asks it to stop, by name or number. */
  readonly stopSignal?: string;
  /** Patience before SIGKILL; below 0: without end. */
  readonly timeoutSeconds?: number;
  readonly signal?: AbortSignal;
}

/** What `update` changes; what is missing stays as it is. */
export interface ContainerChange {
  readonly limits?: ContainerLimits;
  readonly restart?: RestartPolicy;
}

/** Which stopped containers to remove; every condition that is given has to hold. */
export interface PruneOptions {
  /** Created before this, in milliseconds since the epoch. */
  readonly until?: number;
  /** `name` or `name=value`: all of these labels. */
  readonly labels?: readonly string[];
  /** None of these. */
  readonly withoutLabels?: readonly string[];
}

/** Processes as ps(1) prints them: a title and a cell per column. */
export interface ProcessTable {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface ContainerProcess {
  readonly pid: number;
  readonly parentPid: number;
  readonly user: string;
  readonly state: string;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly startedAt: number;
  readonly command: string;
}
