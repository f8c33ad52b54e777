import type { Readable, Writable } from 'node:stream';
import type { PublishedPort } from '../network/index.ts';
import type { ContainerLimits } from '../runtime/index.ts';
import type { Health, HealthCheck, HealthSpec } from './health/types.ts';

/** Docker's restart policies (docs.docker.com/engine/containers/start-containers-automatically). */
export type RestartPolicy =
  | { readonly name: 'no' | 'always' | 'unless-stopped' }
  | { readonly name: 'on-failure' /** 0: without end. */; readonly maximumRetries: number };

export type ContainerMount =
  | { readonly type: 'bind'; readonly source: string; readonly target: string; readonly readOnly: boolean }
  | {
      readonly type: 'volume' /** Empty: anonymous. */;
      readonly name: string;
      readonly target: string;
      readonly readOnly: boolean;
    }
  | { readonly type: 'tmpfs'; readonly target: string; readonly sizeBytes?: number };

/** How a container is on a network. */
export interface NetworkAttachment {
  readonly network: string;
  /** Further names that resolve to it there. */
  readonly aliases?: readonly string[];
  /** Without prefix length; default the next free one. */
  readonly address?: string;
  readonly mac?: string;
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
  /** `bridge` (plimsoll's own), `host`, `none`, or the name of a network. Default `bridge`. */
  readonly network?: string;
  /** Further networks, and what is special about `network`. */
  readonly attachments?: readonly NetworkAttachment[];
  readonly dns?: readonly string[];
  /** `host:ip`. */
  readonly extraHosts?: readonly string[];
  readonly limits?: ContainerLimits;
  readonly readOnlyRoot?: boolean;
  readonly privileged?: boolean;
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly noNewPrivileges?: boolean;
  /** `unconfined`, or a profile's path; default: plimsoll's own, as strict as Docker's. */
  readonly seccomp?: string;
  readonly stopSignal?: string;
  readonly stopTimeoutSeconds?: number;
  readonly health?: HealthSpec;
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
  readonly healthCheck?: HealthCheck;
  readonly warnings: readonly string[];
}

export interface LogOptions {
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly until?: number;
  /** Last lines only; default all. */
  readonly tail?: number;
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

/** One piece of a container's output. `line` has no newline of its own; `partial` lines go on in the next entry. */
export interface LogEntry {
  /** RFC 3339 with nanoseconds, as the monitor wrote it. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  readonly line: Buffer;
  readonly partial: boolean;
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
  readonly signal?: AbortSignal;
}

/** A live connection to a container's streams. Closing it leaves the container alone. */
export interface Attachment extends AsyncDisposable {
  /** Output as it comes; ends when the container does. With a terminal all of it is `stdout`. */
  readonly output: AsyncIterable<{ readonly stream: 'stdout' | 'stderr'; readonly data: Buffer }>;
  /** Bytes for standard input; needs `openStdin`. */
  write(data: Uint8Array): void;
  /** Ends standard input. */
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
  /** Throws `conflict` (`PORT_IN_USE`, or an illegal move), and leaves nothing of the failed start behind. */
  start(
    name: string,
    options?: { signal?: AbortSignal; terminalSize?: { columns: number; rows: number } },
  ): Promise<void>;
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
  attach(name: string, options?: { signal?: AbortSignal }): Promise<Attachment>;
  exec(name: string, request: ExecRequest): Promise<{ exitCode: number; stdout: Buffer; stderr: Buffer }>;
  /** Processes inside, as the host sees them. */
  top(name: string): ContainerProcess[];
  /** The same as ps(1) of the host shows them with these options. Throws `invalid-argument` (`PS_OPTIONS`). */
  ps(name: string, options: readonly string[]): Promise<ProcessTable>;
  /** `update` of limits while it runs. */
  update(name: string, limits: ContainerLimits): Promise<void>;
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
