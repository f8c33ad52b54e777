import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerDetails, Network } from '../../src/engine/index.ts';
import { containerNetworksJson } from '../../src/wire/container-networks.ts';
import { networkJson, toNetworkRequest } from '../../src/wire/network-json.ts';
import { networksOfContainer } from '../../src/wire/to-container-details.ts';
import { networkRequestJson } from '../../src/wire/to-network.ts';

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
  const json = networkJson(network, () => 'web', 51) as Record<string, unknown>;
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

const { subnet: _, gateway: __, ...withoutIpv4 } = network;
const six: Network = {
  ...withoutIpv4,
  containers: { abc: { address6: 'fd07::2', mac: '02:70:0a:07:00:02' } },
};

test('a network of IPv6 alone has the fields that docker inspect shows, and older clients hear nothing of EnableIPv4', () => {
  const json = (minor: number) => networkJson(six, () => 'web', minor) as Record<string, unknown>;
  assert.deepEqual([json(48).EnableIPv4, json(48).EnableIPv6], [false, true]);
  assert.equal('EnableIPv4' in json(47), false);
  assert.deepEqual(json(51).IPAM, {
    ...{ Driver: 'default', Options: {} },
    Config: [{ Subnet: 'fd07::/64', Gateway: 'fd07::1' }],
  });
  const endpoint = (json(51).Containers as Record<string, object>).abc;
  assert.deepEqual(endpoint, {
    ...{ Name: 'web', EndpointID: 'abc', MacAddress: '02:70:0a:07:00:02' },
    ...{ IPv4Address: '', IPv6Address: 'fd07::2/64' },
  });
  const fixed = { ...withoutIpv4, subnet6: undefined, gateway6: undefined, name: 'host', driver: 'host' };
  const ofHost = networkJson(fixed as unknown as Network, () => '', 51) as Record<string, unknown>;
  assert.deepEqual([ofHost.EnableIPv4, ofHost.EnableIPv6], [false, false], "docker's own have neither");
});

test('a container on a network of IPv6 alone has no fields of IPv4 filled, and is read back with its address', () => {
  const container = { id: 'abc', name: 'web', network: 'six' } as unknown as ContainerDetails;
  const networks = containerNetworksJson(container, [six]) as Record<string, Record<string, unknown>>;
  const { IPAddress, IPPrefixLen, Gateway, GlobalIPv6Address, IPv6Gateway } = networks.six ?? {};
  assert.deepEqual([IPAddress, IPPrefixLen, Gateway], ['', 0, '']);
  assert.deepEqual([GlobalIPv6Address, IPv6Gateway], ['fd07::2', 'fd07::1']);
  const [place] = networksOfContainer({ NetworkSettings: { Networks: networks } });
  assert.deepEqual(place?.member, { mac: '02:70:0a:07:00:02', address6: 'fd07::2' });
});

test('EnableIPv4 is asked for and heard since API 1.48', () => {
  const body = networkRequestJson({ name: 'six', ipv4: false, ipv6: true });
  assert.partialDeepStrictEqual(body, { Name: 'six', EnableIPv4: false, EnableIPv6: true });
  assert.deepEqual(toNetworkRequest(body, 48), { name: 'six', ipv4: false, ipv6: true });
  assert.deepEqual(toNetworkRequest(body, 47), { name: 'six', ipv6: true });
  assert.equal('EnableIPv4' in networkRequestJson({ name: 'four' }), false, 'the default is theirs');
});
