import { join } from 'node:path';
import type { Database, Root, Row } from '../store/index.ts';
import { type Bell, createBell } from './bell.ts';
import type { EngineEvent, EventFilter, EventService, EventType } from './types.ts';

/** How many events a root keeps; older ones are trimmed as new ones come. */
export const keptEvents = 10_000;
const trimEvery = 256;

/** What the event service of a root needs. */
export interface EventServiceOptions {
  readonly root: Root;
  readonly db: Database;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** The events of a root, in table `events`; processes wake one another through the file `bell` of the run folder. */
export function createEventService({ root, db, clock }: EventServiceOptions): EventService {
  const bell = createBell(join(root.runDir, 'bell'), db);
  return {
    emit(type, action, id, attributes = {}) {
      const { lastId } = db.run(
        'INSERT INTO events (time_nano, type, action, actor, attributes) VALUES (?, ?, ?, ?, ?)',
        `${BigInt(Math.trunc(clock() * 1000))}000`,
        type,
        action,
        id,
        JSON.stringify(attributes),
      );
      if (lastId % trimEvery === 0) db.run('DELETE FROM events WHERE seq <= ?', lastId - keptEvents);
      bell.ring();
    },
    follow({ sinceSeq, filter, signal }) {
      return follow(db, bell, sinceSeq ?? lastSeq(db), filter, signal);
    },
    list: ({ since, until, filter, limit } = {}) =>
      select(db, {
        from: since === undefined ? '' : nanoDigits(since),
        to: until === undefined ? ':' : nanoDigits(until), // ':' sorts behind every digit
        ...(filter === undefined ? {} : { filter }),
        ...(limit === undefined ? {} : { limit }),
      }),
    lastSeq: () => lastSeq(db),
  };
}

async function* follow(
  db: Database,
  bell: Bell,
  since: number,
  filter: EventFilter | undefined,
  signal: AbortSignal,
): AsyncGenerator<EngineEvent, void, undefined> {
  let wake = () => {};
  const onWake = () => wake();
  const stopListening = bell.listen(onWake);
  signal.addEventListener('abort', onWake, { once: true });
  try {
    while (!signal.aborted) {
      const woken = new Promise<void>(resolve => {
        wake = resolve;
      });
      for (const row of db.all('SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT 1000', since)) {
        since = Number(row.seq);
        const event = toEvent(row);
        if (matches(event, filter)) yield event;
        if (signal.aborted) return;
        wake(); // while it was read, more may have come: look again before sleeping
      }
      await woken;
    }
  } finally {
    signal.removeEventListener('abort', onWake);
    stopListening();
  }
}

function select(
  db: Database,
  query: { from: string; to: string; filter?: EventFilter; limit?: number },
): EngineEvent[] {
  const kept: EngineEvent[] = [];
  const rows = db.all(
    'SELECT * FROM events WHERE time_nano >= ? AND time_nano <= ? ORDER BY seq DESC LIMIT ?',
    query.from,
    query.to,
    query.filter === undefined ? (query.limit ?? -1) : -1,
  );
  for (const row of rows) {
    if (kept.length === query.limit) break;
    const event = toEvent(row);
    if (matches(event, query.filter)) kept.push(event);
  }
  return kept.reverse();
}

/** An actor is meant by its id or by its `name` attribute, as docker's event filters have it. */
function matches(event: EngineEvent, filter: EventFilter | undefined): boolean {
  const { id, attributes } = event.actor;
  return (
    (filter?.types?.includes(event.type) ?? true) &&
    (filter?.actors?.some(actor => actor === id || actor === attributes.name) ?? true)
  );
}

function lastSeq(db: Database): number {
  return Number(db.get('SELECT max(seq) AS seq FROM events')?.seq ?? 0);
}

/** Nanoseconds as digits; of equal length until 2286, so that they sort as text. */
function nanoDigits(ms: number): string {
  return `${BigInt(Math.max(0, Math.trunc(ms * 1000)))}000`.padStart(19, '0');
}

function toEvent(row: Row): EngineEvent {
  const type = String(row.type) as EventType;
  return {
    seq: Number(row.seq),
    type,
    action: String(row.action) as EngineEvent['action'],
    actor: { id: String(row.actor), attributes: JSON.parse(String(row.attributes)) },
    timeNano: String(row.time_nano),
  };
}
