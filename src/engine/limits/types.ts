import type { ContainerLimits } from '../runtime/index.ts';

/** One container's limits, changed at once, as the log of a root has it. */
export interface LimitChange {
  /** Changes that were made together have the same. */
  readonly batch: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly container: { readonly id: string; readonly name: string };
  /** All limits before, and what of them was changed. */
  readonly before: ContainerLimits;
  readonly change: ContainerLimits;
  /** Why, in a sentence. */
  readonly reason: string;
}

/** What to change, and why. */
export interface LimitRequest {
  /** Name or id. */
  readonly name: string;
  readonly change: ContainerLimits;
  readonly reason: string;
}

/** How one container fared; the others do not depend on it. */
export type LimitOutcome =
  | { readonly name: string; readonly change: LimitChange; readonly warnings: readonly string[] }
  | { readonly name: string; readonly error: unknown };

/**
 * Changes of limits that can be taken back. Each is a line of `limits.log` in the root's folder, written before the
 * limit is changed, so that a crash between the two leaves nothing that cannot be undone.
 */
export interface LimitService {
  /** Changes limits as `containers.update` does, while they run, and writes down what they were. */
  change(requests: readonly LimitRequest[]): Promise<LimitOutcome[]>;
  /** What `undo` would take back: the last change of each container named, or all that were made together last. */
  undoable(names?: readonly string[]): LimitChange[];
  /** Gives limits back; fails with `conflict` (`LIMITS_CHANGED`) for a container whose limits were changed since. */
  undo(changes: readonly LimitChange[]): Promise<LimitOutcome[]>;
}
