/** What a user asks of a build; paths are absolute. */
export interface BuildRequest {
  /** Folder of the context. */
  readonly context: string;
  /** Path of the Dockerfile; default `<context>/Dockerfile`. */
  readonly dockerfile?: string;
  readonly tags?: readonly string[];
  readonly target?: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly noCache?: boolean;
  /** Network of RUN steps. Default `bridge`. */
  readonly network?: 'bridge' | 'host' | 'none';
  /** How many steps run at once. Default: the number of cores. */
  readonly jobs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: BuildProgress) => void;
}

/** One instruction as a vertex of the build graph. */
export interface BuildStep {
  /** Stable within the build: its position in the plan. */
  readonly id: number;
  /** As BuildKit shows it: `[builder 2/5] RUN make`. */
  readonly name: string;
  readonly stage: string;
  /** 1-based line in the Dockerfile. */
  readonly line: number;
  readonly dependsOn: readonly number[];
}

/** What a build announces, in order. Also its journal (`builds/<id>.jsonl`), so that any process can follow it. */
export type BuildProgress =
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
  | {
      readonly kind: 'finished';
      readonly time: number;
      readonly outcome: 'succeeded' | 'failed' | 'cancelled';
      readonly image?: string;
      readonly error?: string;
    };

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
  readonly owner: { readonly pid: number; readonly startTime: number };
}

/** Builds of a root. */
export interface BuildService {
  /**
   * Builds an image. Rejects with `DockerfileError` for a mistake in the Dockerfile or a failing step,
   * `cancelled` if the signal fired; then no image and no half-made layer is left.
   */
  build(request: BuildRequest): Promise<{ build: string; image: string }>;
  /** Newest first. */
  list(options?: { limit?: number }): BuildRecord[];
  /** The progress of a build from its beginning, following it while it runs. */
  follow(build: string, options: { signal: AbortSignal }): AsyncIterable<BuildProgress>;
  /** Frees cache records and their layers; with `layers`, only records whose result is one of these. */
  pruneCache(options?: { layers?: readonly string[] }): Promise<{ records: number; reclaimedBytes: number }>;
}
