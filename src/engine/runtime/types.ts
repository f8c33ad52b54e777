import type { ContainerLimits } from './spec/limits.ts';

/** A bind or tmpfs mount of a process to run; paths are absolute. */
export type ProcessMount =
  | { readonly type: 'bind'; readonly source: string; readonly target: string; readonly readOnly: boolean }
  | { readonly type: 'tmpfs'; readonly target: string; readonly sizeBytes?: number };

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
  readonly readOnlyRoot: boolean;
  readonly privileged: boolean;
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly seccomp?: string;
  /** Path of a namespace to join; `host`; or `new` for an empty one. */
  readonly network: string;
  readonly mounts: readonly ProcessMount[];
  readonly limits: ContainerLimits;
  /** Relative to the cgroup mounts, such as `/plimsoll-1a2b3c4d/<id>`. */
  readonly cgroupPath: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The OCI runtime (crun, else runc) and the ways to run a process with it. */
export interface Runtime {
  readonly name: 'crun' | 'runc';
  readonly path: string;
  /** Writes `config.json` for the request into the bundle folder (with the cached seccomp filter for crun). */
  writeBundle(bundle: string, request: ProcessRequest): Promise<{ warnings: readonly string[] }>;
  /** Runs a process to its end without a monitor, for build steps: it dies with the caller. Resolves with its exit code. */
  runToEnd(request: {
    readonly bundle: string;
    readonly process: ProcessRequest;
    readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
    readonly signal?: AbortSignal;
  }): Promise<number>;
}
