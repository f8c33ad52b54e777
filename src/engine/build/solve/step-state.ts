/** The filesystem after a step. */
export interface StepState {
  /** DiffIDs, base first. */
  readonly layers: readonly string[];
  /** Id of the image that it began with, or `scratch`. */
  readonly base: string;
  /** What this step added, if anything; its layer's time is that of the build that made it. */
  readonly added?: { readonly diffId: string; readonly created: number };
}

/** Whatever a step has to say while it runs. */
export interface StepReport {
  output(stream: 'stdout' | 'stderr', chunk: Buffer): void;
  cached(): void;
  done(facts: { cacheMiss: string; layerBytes?: number }): void;
}
