/**
 * What the engine announces, durably and among processes.
 *
 *     const events = createEventService({ root, db, clock: Date.now });
 *     for await (const event of events.follow({ signal })) console.log(event.type, event.action);
 * @module
 */
export { createEventService, type EventServiceOptions, keptEvents } from './event-service.ts';
export type { EngineEvent, EventActions, EventFilter, EventService, EventType } from './types.ts';
