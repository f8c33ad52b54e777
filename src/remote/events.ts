import type { Engine, EngineEvent, EventFilter } from '../engine/index.ts';
import type { Mirror } from './mirror.ts';

/** What an engine elsewhere announces. Nobody else can announce anything there. */
export function createEvents(mirror: Mirror): Engine['events'] {
  return {
    emit() {},
    async *follow({ sinceSeq = mirror.lastSeq(), filter, signal }) {
      for await (const event of mirror.follow(sinceSeq, signal)) if (passes(event, filter)) yield event;
    },
    list({ since = 0, until = Number.POSITIVE_INFINITY, filter, limit } = {}) {
      const found = mirror.events().filter(event => {
        const time = Number(event.timeNano.slice(0, -6));
        return time >= since && time <= until && passes(event, filter);
      });
      return limit === undefined ? found : found.slice(-limit);
    },
    lastSeq: () => mirror.lastSeq(),
  };
}

function passes({ type, actor }: EngineEvent, { types, actors }: EventFilter = {}): boolean {
  return (types?.includes(type) ?? true) && (actors?.includes(actor.id) ?? true);
}
