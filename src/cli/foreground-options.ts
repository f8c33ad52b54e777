/** How the terminal of the caller and the container belong together. */
export interface ForegroundOptions {
  readonly tty: boolean;
  readonly interactive: boolean;
  readonly detachKeys?: readonly number[];
  /** False: signals end this process and not the container. Default true. */
  readonly signalsToContainer?: boolean;
  /** Which of its streams to print. Default both. */
  readonly streams?: readonly ('stdout' | 'stderr')[];
}
