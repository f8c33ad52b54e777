/**
 * An engine elsewhere (Docker, Podman, another plimsoll) behind the same interface as our own, over the Docker Engine
 * API.
 *
 *     await using engine = await createRemoteEngine(parseEndpoint('unix:///var/run/docker.sock'));
 *     engine.containers.list({ all: true });
 * @module
 */
export { createRemoteEngine } from './create-remote-engine.ts';
export { type ClientTls, type Endpoint, parseEndpoint } from './endpoint.ts';
export { watchNeighbours } from './neighbours.ts';
