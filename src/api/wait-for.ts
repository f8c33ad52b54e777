import type { Engine } from '../engine/index.ts';
import { cancelled, isPlimsollError } from '../errors.ts';
import { badRequest } from '../wire/index.ts';

/** Docker's answer to a wait. */
export interface WaitResult {
  readonly StatusCode: number;
}

/**
 * Waits for docker's condition: `not-running`, `next-exit` (an end that is still to come), `removed`. What to listen to is
 * settled when this returns its promise: a start after that is not missed, however fast the container ends.
 */
export function waitFor(
  { containers, events }: Pick<Engine, 'containers' | 'events'>,
  id: string,
  { condition, signal }: { readonly condition: string; readonly signal: AbortSignal },
): Promise<WaitResult> {
  const state = stateOf(containers, id);
  if (state === undefined) return Promise.resolve(endOfRemoved(events, id));
  const sinceSeq = events.lastSeq();
  if (condition === 'next-exit') return nextEnd(events, id, { sinceSeq, signal, action: 'die' });
  if (condition === 'removed') {
    const code = state.exitCode ?? 0;
    return nextEnd(events, id, { sinceSeq, signal, action: 'destroy', code });
  }
  if (condition !== 'not-running' && condition !== '') throw badRequest(`invalid condition: "${condition}"`);
  if (state.status !== 'running' && state.status !== 'paused') {
    return Promise.resolve({ StatusCode: state.exitCode ?? 0 });
  }
  return containers
    .wait(id, { signal })
    .then(StatusCode => ({ StatusCode }))
    .catch(error => {
      if (isPlimsollError(error, 'not-found')) return endOfRemoved(events, id); // it was removed meanwhile
      throw error;
    });
}

/** How long one that removed itself can still be waited for: clients first start it, and then ask. */
const rememberedMs = 60_000;

/**
 * Whether a container was removed so short a time ago that its exit code is still told: one with `--rm` that ends at once
 * is gone before a client that starts it and then waits for it, as dockerode does, has asked.
 */
export function isJustRemoved(events: Engine['events'], id: string): boolean {
  return lastOf(events, id, 'destroy') !== undefined;
}

function endOfRemoved(events: Engine['events'], id: string): WaitResult {
  return { StatusCode: Number(lastOf(events, id, 'die')?.actor.attributes.exitCode ?? 0) };
}

function lastOf(events: Engine['events'], id: string, action: 'die' | 'destroy') {
  const filter = { types: ['container' as const], actors: [id] };
  return events.list({ since: Date.now() - rememberedMs, filter }).findLast(event => event.action === action);
}

function stateOf(containers: Engine['containers'], id: string) {
  try {
    return containers.inspect(id).state;
  } catch (error) {
    if (isPlimsollError(error, 'not-found')) return undefined;
    throw error;
  }
}

interface EndRequest {
  readonly sinceSeq: number;
  readonly signal: AbortSignal;
  readonly action: 'die' | 'destroy';
  /** What is told if the end comes without a code of its own. */
  readonly code?: number;
}

async function nextEnd(
  events: Engine['events'],
  id: string,
  { sinceSeq, signal, action, code = 0 }: EndRequest,
): Promise<WaitResult> {
  let last = code;
  for await (const event of events.follow({
    sinceSeq,
    filter: { types: ['container'], actors: [id] },
    signal,
  })) {
    if (event.action === 'die') last = Number(event.actor.attributes.exitCode ?? 0);
    // A container that is gone will not end any more, whatever was waited for.
    if (event.action === action || event.action === 'destroy') return { StatusCode: last };
  }
  throw cancelled('waiting for the container');
}
