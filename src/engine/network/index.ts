/**
 * Networks, addresses, published ports and names of containers.
 *
 *     const networks = createNetworkService({ root, db, events, clock: Date.now });
 *     const endpoint = await networks.connect({ container: id, names: ['web'], network: 'bridge', ports: [] });
 * @module
 */
export { type ForwardBlock, forwardBlocks } from './firewall/forward-blocks.ts';
export { createIdleBridge, type IdleBridge } from './idle-bridge.ts';
export { lowerForgotten } from './lower-forgotten.ts';
export { createNetworkService, type NetworkServiceOptions } from './network-service.ts';
export { createPublishedPorts, type PublishedPorts } from './rootless/published-ports.ts';
export { serveForwards } from './rootless/serve-forwards.ts';
export type {
  ConnectRequest,
  Endpoint,
  Network,
  NetworkMember,
  NetworkProblem,
  NetworkRequest,
  NetworkService,
  PublishedPort,
} from './types.ts';
