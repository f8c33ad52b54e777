/**
 * What the engine announces, durably and among processes.
 * @module
 */
export type { EngineEvent, EventActions, EventFilter, EventService, EventType } from './types.ts';
