import type { Engine } from '../engine/index.ts';
import { PlimsollError } from '../errors.ts';
import { networkRequestJson } from '../wire/index.ts';
import type { ApiClient } from './client.ts';
import type { Mirror } from './mirror.ts';

/** Networks of an engine elsewhere. Its own upkeep is its own business. */
export function createNetworks(client: ApiClient, mirror: Mirror): Engine['networks'] {
  return {
    list: () => mirror.networks(),
    inspect: name => mirror.network(name),
    async create(request) {
      if (request.ipv4 === false && client.minor() < 48) throw alwaysIpv4();
      await client.json('POST', '/networks/create', { body: networkRequestJson(request) });
      await mirror.refreshNetworks();
      return mirror.network(request.name);
    },
    async remove(name) {
      await client.json('DELETE', `/networks/${mirror.network(name).id}`);
      await mirror.refreshNetworks();
    },
    namespacePath: () => '',
    async connect() {
      throw new PlimsollError('not-implemented', 'endpoints are made by the engine itself', {
        code: 'REMOTE_LACKS',
        hint: 'connect a container to the network',
      });
    },
    async disconnect() {},
    async repair() {},
    async lowerIfUnused() {},
    async tidy() {},
    leftovers: async () => [],
  };
}

/** It would not hear of it, and make one with IPv4. */
function alwaysIpv4(): PlimsollError {
  return new PlimsollError('not-implemented', 'this engine has no networks of IPv6 alone', {
    code: 'REMOTE_LACKS',
    hint: 'leave IPv4 on, or upgrade it: docker has them since 28.0 (API 1.48)',
  });
}
