/** What can happen to each type of object; Docker's words (docs.docker.com/reference/cli/docker/system/events). */
export interface EventActions {
  container:
    | 'create'
    | 'start'
    | 'die'
    | 'oom'
    | 'stop'
    | 'kill'
    | 'restart'
    | 'pause'
    | 'unpause'
    | 'destroy'
    | 'exec_create'
    | 'exec_start'
    | 'exec_detach'
    | 'exec_die'
    | 'health_status: healthy'
    | 'health_status: unhealthy'
    | 'rename'
    | 'update'
    | 'resize'
    | 'attach'
    | 'archive-path'
    | 'extract-to-dir'
    | 'export'
    | 'commit';
  image: 'build' | 'create' | 'tag' | 'untag' | 'delete' | 'import' | 'load' | 'pull';
  network: 'create' | 'destroy' | 'connect' | 'disconnect';
  volume: 'create' | 'destroy' | 'mount' | 'unmount';
  /** plimsoll's own: a build that any process started, moved on or ended. */
  build: 'start' | 'end';
}

export type EventType = keyof EventActions;

/** One thing that the engine announces, in Docker's shape. */
export interface EngineEvent<T extends EventType = EventType> {
  /** Grows by one with each event of a root. */
  readonly seq: number;
  readonly type: T;
  readonly action: EventActions[T];
  readonly actor: { readonly id: string; readonly attributes: Readonly<Record<string, string>> };
  /** Nanoseconds since the epoch, as decimal digits (they exceed 2^53). */
  readonly timeNano: string;
}

export interface EventFilter {
  readonly types?: readonly EventType[];
  readonly actors?: readonly string[];
}

/** Announces and follows events among all processes of a root. */
export interface EventService {
  /**
   * Records an event durably and wakes every follower, in this process and others. Call it inside the transaction
   * that changes the state, so that an event is never seen without its effect.
   */
  emit<T extends EventType>(
    type: T,
    action: EventActions[T],
    id: string,
    attributes?: Readonly<Record<string, string>>,
  ): void;
  /** Events after `sinceSeq` (default: from now on), as they come, within 200 ms; ends when the signal fires. */
  follow(options: {
    sinceSeq?: number;
    filter?: EventFilter;
    signal: AbortSignal;
  }): AsyncIterable<EngineEvent>;
  /** Past events that are still kept, oldest first. Times are milliseconds since the epoch. */
  list(options?: { since?: number; until?: number; filter?: EventFilter; limit?: number }): EngineEvent[];
  /** The newest event's number. */
  lastSeq(): number;
}
