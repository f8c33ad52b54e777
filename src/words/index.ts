/**
 * Docker's words for what an engine has, as every host says them: states, sizes, times and filters.
 *
 *     describeState(container.state, now); // Up 5 minutes (healthy)
 * @module
 */
export { containerFilters, containerMatcher } from './container-filters.ts';
export {
  commandLine,
  describeCommand,
  describeHostPort,
  describePorts,
  describeState,
  joinLabels,
} from './describe-container.ts';
export { parseDetachKeys, usualDetachKeys, watchDetachKeys } from './detach-keys.ts';
export { dockerMessage } from './docker-message.ts';
export { eventFilters, eventMatcher } from './event-filters.ts';
export { type Filters, isTrueFilter, passes, passesLabels } from './filters.ts';
export { hasLogFile } from './has-log-file.ts';
export { binarySize, humanDuration, humanSize, shortId } from './human.ts';
export { fitsReference, imageFilters, imageMatcher } from './image-filters.ts';
export { isOwnNetwork, matchesNetwork, networkFilters } from './network-filters.ts';
export { hasIpv4 } from './network-kinds.ts';
export { matchesVolume, volumeFilters } from './volume-filters.ts';
