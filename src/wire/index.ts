/**
 * The Docker Engine API's shapes: requests to what the engine takes, and what it has to answers. Pure.
 *
 *     const details = await engine.containers.create(toContainerSpec(body, { exposed: [] }));
 *     containerJson(details, { networks, volumePath });
 * @module
 */
export { badRequest, notServed } from './bad-request.ts';
export { type ContainerSurroundings, containerJson, containerSummaryJson } from './container-json.ts';
export { createJson, endpointRequestJson } from './create-json.ts';
export { distributionJson } from './distribution-json.ts';
export { eventJson } from './event-json.ts';
export { imageHistoryJson, imageJson, imageSummaryJson } from './image-json.ts';
export { JsonFields } from './json-fields.ts';
export { limitsJson, toLimits, toRestartPolicy } from './limits.ts';
export { networkJson, toNetworkRequest } from './network-json.ts';
export { parseFilters } from './parse-filters.ts';
export { pathStatHeader, readPathStat } from './path-stat.ts';
export { buildMessages, transferMessages } from './progress-json.ts';
export { type StatsMoment, statsJson } from './stats-json.ts';
export { sizesOf, surroundingsOf } from './surroundings.ts';
export { apiVersion, infoJson, minApiVersion, type ProgramFacts, versionJson } from './system-json.ts';
export { formatTime, parseFilterTime, parseQueryTime, readTime } from './time.ts';
export { toBuildRequest } from './to-build-request.ts';
export { networksOfContainer, toContainerDetails } from './to-container-details.ts';
export { toAttachment, toContainerSpec } from './to-container-spec.ts';
export { toEvent } from './to-event.ts';
export { toImageDetails } from './to-image.ts';
export { networkRequestJson, toNetwork } from './to-network.ts';
export { toSample } from './to-sample.ts';
export { toVolume } from './to-volume.ts';
export { volumeJson } from './volume-json.ts';
