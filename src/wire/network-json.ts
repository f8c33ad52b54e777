import type { Network, NetworkMember, NetworkRequest } from '../engine/index.ts';
import { defined } from '../lib/defined.ts';
import { hasIpv4 } from '../words/index.ts';
import { badRequest, notServed } from './bad-request.ts';
import { JsonFields } from './json-fields.ts';
import { formatTime } from './time.ts';

/** A network as docker's answers to clients of API 1.`minor` have it; `nameOf` knows the names of containers. */
export function networkJson(network: Network, nameOf: (container: string) => string, minor: number): object {
  const {
    id,
    name,
    driver,
    created,
    internal,
    labels,
    subnet,
    gateway,
    subnet6,
    gateway6,
    range,
    bridge,
    options,
  } = network;
  const within = (address: string | undefined, wide: string | undefined) =>
    address === undefined ? '' : `${address}/${wide?.split('/')[1]}`;
  const config = (wide: string | undefined, way: string | undefined, part?: string) =>
    wide === undefined ? [] : [{ Subnet: wide, ...defined({ IPRange: part, Gateway: way }) }];
  const endpoint = (container: string, { address, address6, mac }: NetworkMember) => ({
    Name: nameOf(container),
    EndpointID: container,
    MacAddress: mac,
    IPv4Address: within(address, subnet),
    IPv6Address: within(address6, subnet6),
  });
  return {
    Name: name,
    Id: id,
    Created: formatTime(created),
    Scope: 'local',
    Driver: driver === 'none' ? 'null' : driver,
    ...(minor < ipv4IsChosen ? {} : { EnableIPv4: hasIpv4(network) }),
    EnableIPv6: subnet6 !== undefined,
    IPAM: {
      Driver: 'default',
      Options: {},
      Config: [...config(subnet, gateway, range), ...config(subnet6, gateway6)],
    },
    Internal: internal,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: Object.fromEntries(
      Object.entries(network.containers).map(([container, member]) => [
        container,
        endpoint(container, member),
      ]),
    ),
    // Told of docker's own alone, as there: docker-compose takes what it has not asked for as a change.
    Options: name === 'bridge' ? defined({ 'com.docker.network.bridge.name': bridge }) : (options ?? {}),
    Labels: labels,
  };
}

/** Since this API a network may be without IPv4; clients of an older one get it whatever they ask for. */
const ipv4IsChosen = 48;

/** The network that the body of a client's `POST /networks/create` describes. */
export function toNetworkRequest(body: unknown, minor: number): NetworkRequest {
  const fields = new JsonFields(body ?? {});
  const name = fields.words('Name');
  if (name === undefined) throw badRequest('the network has no name', 'give it as Name');
  const driver = fields.words('Driver') ?? 'bridge';
  if (driver !== 'bridge' && driver !== 'macvlan' && driver !== 'ipvlan')
    throw notServed(`there is no network driver "${driver}"`, 'use bridge, macvlan or ipvlan');
  const ipam = fields.object('IPAM');
  if (!['default', ''].includes(ipam.text('Driver') ?? ''))
    throw notServed(`there is no IPAM driver "${ipam.text('Driver')}"`, 'leave it out');
  const configs = ipam.objects('Config');
  const is6 = (config: JsonFields) => config.words('Subnet')?.includes(':') ?? false;
  const [config, ...others] = configs.filter(each => !is6(each));
  const [config6, ...others6] = configs.filter(is6);
  if (others.length + others6.length > 0)
    throw notServed('a network has one subnet of each kind', 'make one network for each');
  return {
    name,
    ...defined({
      subnet: config?.words('Subnet'),
      gateway: config?.words('Gateway'),
      range: config?.words('IPRange'),
      driver: driver === 'bridge' ? undefined : driver,
      options: driver === 'bridge' ? undefined : fields.pairs('Options'),
      ipv4: minor < ipv4IsChosen ? undefined : fields.flag('EnableIPv4'),
      ipv6: fields.flag('EnableIPv6') || undefined,
      subnet6: config6?.words('Subnet'),
      gateway6: config6?.words('Gateway'),
      internal: fields.flag('Internal') || undefined,
      labels: fields.pairs('Labels'),
    }),
  };
}
