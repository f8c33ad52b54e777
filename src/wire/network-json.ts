import type { Network, NetworkRequest } from '../engine/index.ts';
import { badRequest, notServed } from './bad-request.ts';
import { defined } from './defined.ts';
import { JsonFields } from './json-fields.ts';
import { formatTime } from './time.ts';

/** A network as docker's answers have it; `nameOf` knows the names of containers. */
export function networkJson(network: Network, nameOf: (container: string) => string): object {
  const { id, name, driver, created, internal, labels, subnet, gateway, bridge } = network;
  const length = subnet?.split('/')[1] ?? '';
  const endpoint = (container: string, address: string) => ({
    Name: nameOf(container),
    EndpointID: container,
    MacAddress: '',
    IPv4Address: address.includes('/') || length === '' ? address : `${address}/${length}`,
    IPv6Address: '',
  });
  return {
    Name: name,
    Id: id,
    Created: formatTime(created),
    Scope: 'local',
    Driver: driver === 'none' ? 'null' : driver,
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: {
      Driver: 'default',
      Options: {},
      Config: subnet === undefined ? [] : [{ Subnet: subnet, ...defined({ Gateway: gateway }) }],
    },
    Internal: internal,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: Object.fromEntries(
      Object.entries(network.containers).map(([container, address]) => [
        container,
        endpoint(container, address),
      ]),
    ),
    Options: bridge === undefined ? {} : { 'com.docker.network.bridge.name': bridge },
    Labels: labels,
  };
}

/** The network that the body of `POST /networks/create` describes. */
export function toNetworkRequest(body: unknown): NetworkRequest {
  const fields = new JsonFields(body ?? {});
  const name = fields.words('Name');
  if (name === undefined) throw badRequest('the network has no name', 'give it as Name');
  const driver = fields.words('Driver') ?? 'bridge';
  if (driver !== 'bridge') throw notServed(`there is no network driver "${driver}"`, 'use bridge');
  if (fields.flag('EnableIPv6')) throw notServed('networks have no IPv6', 'leave EnableIPv6 out');
  const ipam = fields.object('IPAM');
  if (!['default', ''].includes(ipam.text('Driver') ?? ''))
    throw notServed(`there is no IPAM driver "${ipam.text('Driver')}"`, 'leave it out');
  const [config, ...others] = ipam.objects('Config');
  if (others.length > 0) throw notServed('a network has one subnet', 'make one network for each');
  return {
    name,
    ...defined({
      subnet: config?.words('Subnet'),
      gateway: config?.words('Gateway'),
      internal: fields.flag('Internal') || undefined,
      labels: fields.pairs('Labels'),
    }),
  };
}
