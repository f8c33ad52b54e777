/**
 * The Docker Engine API's shapes: requests to what the engine takes, and what it has to answers. Pure.
 *
 *     const details = await engine.containers.create(toContainerSpec(body, { exposed: [] }));
 *     containerJson(details, { networks, volumePath });
 * @module
 */
export { badRequest } from './bad-request.ts';
export { type ContainerSurroundings, containerJson, containerSummaryJson } from './container-json.ts';
export { eventJson } from './event-json.ts';
export { JsonFields } from './json-fields.ts';
export { toLimits, toRestartPolicy } from './limits.ts';
export { parseFilters } from './parse-filters.ts';
export { type StatsMoment, statsJson } from './stats-json.ts';
export { parseFilterTime, parseQueryTime } from './time.ts';
export { toContainerSpec } from './to-container-spec.ts';
