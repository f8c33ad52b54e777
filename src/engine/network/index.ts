/**
 * Networks, addresses, published ports and names of containers.
 * @module
 */
export type { ConnectRequest, Endpoint, Network, NetworkService, PublishedPort } from './types.ts';
