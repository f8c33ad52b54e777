/**
 * Many machines, each telling its figures: over one ssh that stays, or by a Prometheus that knows them.
 *
 *     await using fleet = openFleet(config, { onChange: () => draw(fleet.machines()) });
 *     await fleet.complete(AbortSignal.timeout(10_000));
 * @module
 */
export { openFleet, silentAfter } from './open-fleet.ts';
export { parseSshTarget } from './parse-ssh-target.ts';
export { readFleetConfig } from './read-fleet-config.ts';
export type { FleetConfig, PrometheusServer, SshMachine } from './types.ts';
export { visitMachine } from './visit-machine.ts';
export type { WatchedFleet } from './watch-fleet.ts';
