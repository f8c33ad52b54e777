import type { ContainerSummary, EngineEvent, UsageHistory } from '../engine/index.ts';

/** What is known of running containers, for telling which of them nobody uses any more. */
export interface QuietFacts {
  readonly containers: readonly Pick<ContainerSummary, 'id' | 'state'>[];
  /** What was recorded of each since `quietFrom(now)`. */
  readonly usage: ReadonlyMap<string, UsageHistory>;
  /** Of containers. */
  readonly events: readonly EngineEvent[];
  /** When each has last written to its log, where that is a file. */
  readonly loggedAt: ReadonlyMap<string, number>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A container that runs, though nobody has used it for long. */
export interface QuietContainer {
  /** When somebody last did something with it, as far as is known: milliseconds since the epoch. */
  readonly lastUsed: number;
  /** What it holds meanwhile, on average. */
  readonly memoryBytes: number;
}

const day = 86_400_000;
/** A container is quiet by what it does in a fortnight, of which at least half must have been recorded. */
const windowMs = 14 * day;
const leastSeconds = (windowMs / 1000) * 0.5;
/** By far less than a twentieth of a core and 100 MB of traffic in a fortnight clouds know idle machines. */
const quietCores = 0.01;
const quietNetworkBytes = 100e6;
/** Beyond what an entry point writes when it starts. */
const quietDiskBytes = 100e6;
/** What somebody, or the engine by itself, does to a container, as events name it: health checks are not among these. */
const idleActions = /^(health_status|top|stats|exec_die|oom)/;

/** Where what is recorded has to begin. */
export function quietFrom(now: number): number {
  return now - windowMs;
}

/**
 * Containers that have run for a fortnight and did nothing in it: no CPU to speak of at P95, hardly a byte on network and
 * disk, not a line in the log, and nobody has started, changed, entered or looked into them. By id.
 */
export function quietContainers(facts: QuietFacts): ReadonlyMap<string, QuietContainer> {
  const { containers, usage, now } = facts;
  const touched = lastTouched(facts.events);
  const entries = containers.flatMap(({ id, state }) => {
    const recorded = usage.get(id);
    if (state.status !== 'running' || state.startedAt === undefined || recorded === undefined) return [];
    const lastUsed = Math.max(state.startedAt, touched.get(id) ?? 0, facts.loggedAt.get(id) ?? 0);
    const isUsed = lastUsed > quietFrom(now) || !isQuiet(recorded);
    return isUsed ? [] : [[id, { lastUsed, memoryBytes: recorded.memory.mean }] as const];
  });
  return new Map(entries);
}

function isQuiet({ cpu, networkBytes, blockBytes }: UsageHistory): boolean {
  return (
    cpu.count >= leastSeconds &&
    cpu.quantile(0.95) < quietCores &&
    networkBytes < quietNetworkBytes &&
    blockBytes < quietDiskBytes
  );
}

function lastTouched(events: readonly EngineEvent[]): Map<string, number> {
  const last = new Map<string, number>();
  for (const { type, action, actor, timeNano } of events) {
    if (type !== 'container' || idleActions.test(action)) continue;
    last.set(actor.id, Math.max(last.get(actor.id) ?? 0, Number(timeNano.slice(0, -6))));
  }
  return last;
}
