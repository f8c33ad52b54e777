/**
 * The fleet pane: many machines as one table, what could be emptied, and the way into each of them. Pure.
 *
 *     const [next, commands] = updateFleet(state, { type: 'key', key: 'enter' });
 * @module
 */
export { fleetScreen } from './fleet-rows.ts';
export {
  type FleetCommand,
  type FleetMsg,
  type FleetState,
  type FleetTerms,
  initialFleet,
  updateFleet,
} from './model.ts';
