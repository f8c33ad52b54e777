import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineEvent, NeighbourEvent } from '../engine/index.ts';
import { toEvent } from '../wire/index.ts';
import type { ApiClient } from './client.ts';
import { readLines } from './frames.ts';
import { ToldEvents } from './told-events.ts';

/** Events that are remembered, of all engines together. */
const remembered = 1000;
/** A connection that broke is tried again after this. */
const retryMs = 5000;
const told: readonly string[] = ['start', 'die', 'oom', 'kill', 'stop', 'restart', 'destroy'];

/** What the other engines have told, numbered in the order in which it was heard. */
export class NeighbourLog {
  #events: NeighbourEvent[] = [];
  #seq = 0;

  /** Those after the event of that number. */
  after(seq: number): readonly NeighbourEvent[] {
    return this.#events.filter(event => event.seq > seq);
  }

  add(event: Omit<NeighbourEvent, 'seq'>): void {
    this.#seq++;
    this.#events.push({ ...event, seq: this.#seq });
    if (this.#events.length > remembered) this.#events = this.#events.slice(-remembered);
  }
}

/** An event of a container, whether it is one that is told or not. */
export type ContainerEvent = Pick<EngineEvent, 'action' | 'actor'> & { readonly time: number };

/** Whether others are told of it. */
export function isTold(action: string): action is NeighbourEvent['action'] {
  return told.includes(action);
}

/** Reads what an engine tells of its containers; each event once, also where it is asked for the same second again. */
export class EventReader {
  readonly #client: Pick<ApiClient, 'stream'>;
  /** Nanoseconds since the epoch, as `#newest`. */
  readonly #first: bigint;
  #newest: bigint;
  readonly #told = new ToldEvents();

  constructor(client: Pick<ApiClient, 'stream'>, since: number) {
    this.#client = client;
    this.#first = BigInt(Math.floor(since)) * 1_000_000n;
    this.#newest = this.#first;
  }

  /** Gives each event as it comes, and asks anew when the connection breaks, until the signal fires. Never rejects. */
  async follow(take: (event: ContainerEvent) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#read({}, take, signal).catch(() => undefined);
      await sleep(retryMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Gives what has happened since it was last asked; of Podman, which takes an end that is now for none at all. */
  async catchUp(take: (event: ContainerEvent) => Promise<void>, signal: AbortSignal): Promise<void> {
    await this.#read({ stream: 'false' }, take, signal);
  }

  async #read(
    query: Readonly<Record<string, string>>,
    take: (event: ContainerEvent) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const since = this.#newest / second; // Podman knows no fractions
    const filters = JSON.stringify({ type: ['container'] });
    const stream = await this.#client.stream('GET', '/events', {
      query: { ...query, since: String(since), filters },
      signal,
    });
    try {
      for await (const line of readLines(stream as AsyncIterable<Buffer>)) {
        const event = toEvent(line, 0);
        if (event?.type !== 'container' || BigInt(event.timeNano) < this.#first) continue;
        if (!this.#told.isNew(event)) continue;
        const { action, actor, timeNano } = event;
        if (BigInt(timeNano) > this.#newest) this.#newest = BigInt(timeNano);
        await take({ action, actor, time: Number(timeNano.slice(0, -6)) });
      }
    } finally {
      stream.destroy();
    }
  }
}

/** In nanoseconds. */
const second = 1_000_000_000n;
