import type { EngineEvent, EventService } from '../engine/index.ts';

/** Which events to follow. Times are milliseconds since the epoch. */
export interface FollowRequest {
  /** Past events from then on, too. */
  readonly since?: number | undefined;
  /** End there, in the past or to come. */
  readonly until?: number | undefined;
  readonly matches: (event: EngineEvent) => boolean;
  readonly signal: AbortSignal;
}

/** Past events that were asked for, and without a gap those to come, until the time or the signal. */
export async function* followEvents(
  events: EventService,
  { since, until, matches, signal }: FollowRequest,
): AsyncGenerator<EngineEvent> {
  const sinceSeq = events.lastSeq();
  if (since !== undefined || (until !== undefined && until <= Date.now())) {
    const past = events.list({
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
    });
    for (const event of past) if (event.seq <= sinceSeq && matches(event)) yield event;
  }
  const left = until === undefined ? undefined : until - Date.now();
  if (left !== undefined && left <= 0) return;
  const ended =
    left === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(Math.min(left, 2 ** 31 - 1))]);
  for await (const event of events.follow({ sinceSeq, signal: ended })) if (matches(event)) yield event;
}
