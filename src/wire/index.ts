/**
 * The Docker Engine API's shapes: requests to what the engine takes, and what it has to answers. Pure.
 *
 *     const details = await engine.containers.create(toContainerSpec(body, { exposed: [] }));
 *     containerJson(details, { networks, volumePath });
 * @module
 */
export { badRequest, notServed } from './bad-request.ts';
export { type ContainerSurroundings, containerJson, containerSummaryJson } from './container-json.ts';
export { eventJson } from './event-json.ts';
export { imageHistoryJson, imageJson, imageSummaryJson } from './image-json.ts';
export { JsonFields } from './json-fields.ts';
export { toLimits, toRestartPolicy } from './limits.ts';
export { networkJson, toNetworkRequest } from './network-json.ts';
export { parseFilters } from './parse-filters.ts';
export { buildMessages, transferMessages } from './progress-json.ts';
export { type StatsMoment, statsJson } from './stats-json.ts';
export { sizesOf, surroundingsOf } from './surroundings.ts';
export { apiVersion, infoJson, minApiVersion, type ProgramFacts, versionJson } from './system-json.ts';
export { formatTime, parseFilterTime, parseQueryTime } from './time.ts';
export { toBuildRequest } from './to-build-request.ts';
export { toAttachment, toContainerSpec } from './to-container-spec.ts';
export { volumeJson } from './volume-json.ts';
