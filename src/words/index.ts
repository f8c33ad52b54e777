/**
 * Docker's words for what an engine has, as every host says them: states, sizes, times and filters.
 *
 *     describeState(container.state, now); // Up 5 minutes (healthy)
 * @module
 */
export { containerFilters, containerMatcher } from './container-filters.ts';
export { describeCommand, describeHostPort, describePorts, describeState } from './describe-container.ts';
export { parseDetachKeys, usualDetachKeys, watchDetachKeys } from './detach-keys.ts';
export { eventFilters, eventMatcher } from './event-filters.ts';
export { type Filters, passes, passesLabels } from './filters.ts';
export { hasLogFile } from './has-log-file.ts';
export { binarySize, humanDuration, humanSize, shortId } from './human.ts';
