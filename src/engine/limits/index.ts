/**
 * Limits that are changed upon advice: each change in a log, and back again.
 *
 *     const [outcome] = await limits.change([{ name: 'web', change: { cpus: 0.5 }, reason: 'P99 of 0.4 cores' }]);
 *     await limits.undo(limits.undoable(['web']));
 * @module
 */
export { createLimitService, type LimitServiceOptions } from './limit-service.ts';
export type { LimitChange, LimitOutcome, LimitRequest, LimitService } from './types.ts';
