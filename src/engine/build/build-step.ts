/** One instruction as a vertex of the build graph, or the fetching of an image that one needs. */
export interface BuildStep {
  /** Stable within the build: its position in the plan; below 0 for what is done before there is one. */
  readonly id: number;
  /** As BuildKit shows it: `[builder 2/5] RUN make`. */
  readonly name: string;
  readonly stage: string;
  /** 1-based line in the Dockerfile. */
  readonly line: number;
  readonly dependsOn: readonly number[];
}
