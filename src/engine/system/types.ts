/** One thing found wrong by `system check`. */
export interface CheckProblem {
  /** `database`, `blob`, `layer`, `download`, `image`, `container`, `mount`, `lease`, `network`, `cgroup`, `volume`. */
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
  readonly containers: { readonly running: number; readonly paused: number; readonly stopped: number };
  readonly images: number;
}

export interface SystemService {
  info(): SystemInfo;
  /** Proves the root: every reference, digest, mount and lease. `repair` mends what can be mended. */
  check(options?: { repair?: boolean; deep?: boolean; signal?: AbortSignal }): Promise<CheckProblem[]>;
}
