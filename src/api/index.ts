/**
 * The Docker Engine API, for the tools that speak it.
 *
 *     await serveApi(engine, { host: 'unix:///run/plimsoll/docker.sock', version, signal });
 * @module
 */
export { type ServeOptions, serveApi } from './serve-api.ts';
