import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerDetails, Network } from '../../src/engine/index.ts';
import { containerNetworksJson } from '../../src/wire/container-networks.ts';
import { networkJson } from '../../src/wire/network-json.ts';

const network: Network = {
  id: 'n'.repeat(64),
  name: 'six',
  driver: 'bridge',
  subnet: '10.7.0.0/24',
  gateway: '10.7.0.1',
  subnet6: 'fd07::/64',
  gateway6: 'fd07::1',
  created: 0,
  internal: false,
  labels: {},
  containers: { abc: { address: '10.7.0.2', address6: 'fd07::2', mac: '02:70:0a:07:00:02' } },
};

test('a container on a network with IPv6 has the fields that docker inspect shows', () => {
  const container = {
    id: 'abc',
    name: 'web',
    network: 'six',
    spec: { attachments: [{ network: 'six', address6: 'fd07::2' }] },
  } as unknown as ContainerDetails;
  const { six } = containerNetworksJson(container, [network]) as Record<string, Record<string, unknown>>;
  const { IPAddress, IPPrefixLen, Gateway, MacAddress, IPAMConfig, ...rest } = six ?? {};
  assert.deepEqual(
    { IPAddress, IPPrefixLen, Gateway, MacAddress, IPAMConfig },
    {
      IPAddress: '10.7.0.2',
      IPPrefixLen: 24,
      Gateway: '10.7.0.1',
      MacAddress: '02:70:0a:07:00:02',
      IPAMConfig: { IPv6Address: 'fd07::2' },
    },
  );
  assert.equal(rest.GlobalIPv6Address, 'fd07::2');
  assert.equal(rest.GlobalIPv6PrefixLen, 64);
  assert.equal(rest.IPv6Gateway, 'fd07::1');
});

test('a network with IPv6 has the fields that docker network inspect shows', () => {
  const json = networkJson(network, () => 'web') as Record<string, unknown>;
  assert.equal(json.EnableIPv6, true);
  assert.deepEqual(json.IPAM, {
    Driver: 'default',
    Options: {},
    Config: [
      { Subnet: '10.7.0.0/24', Gateway: '10.7.0.1' },
      { Subnet: 'fd07::/64', Gateway: 'fd07::1' },
    ],
  });
  assert.deepEqual(json.Containers, {
    abc: {
      Name: 'web',
      EndpointID: 'abc',
      MacAddress: '02:70:0a:07:00:02',
      IPv4Address: '10.7.0.2/24',
      IPv6Address: 'fd07::2/64',
    },
  });
});
