import type { Network, NetworkMember, NetworkRequest } from '../engine/index.ts';
import { defined } from '../lib/defined.ts';
import { JsonFields } from './json-fields.ts';
import { readTime } from './time.ts';

/** A network as `GET /networks` of any engine answers; `containers`: who is on it, by id. */
export function toNetwork(json: unknown, containers: Readonly<Record<string, NetworkMember>>): Network {
  const fields = new JsonFields(json, 'network');
  const configs = fields.object('IPAM').objects('Config');
  const isWide = (each: JsonFields) => each.text('Subnet')?.includes(':') ?? false;
  const [config, config6] = [configs.find(each => !isWide(each)), configs.find(isWide)];
  const driver = fields.text('Driver') ?? '';
  const options = fields.object('Options');
  return {
    id: fields.text('Id') ?? '',
    name: fields.text('Name') ?? '',
    // Drivers of other engines (overlay, macvlan) join machines or links: a bridge is what they are most like.
    driver: driver === 'host' ? 'host' : driver === 'null' || driver === 'none' ? 'none' : 'bridge',
    ...defined({
      bridge: options.words('com.docker.network.bridge.name'),
      subnet: config?.words('Subnet'),
      gateway: config?.words('Gateway'),
      subnet6: config6?.words('Subnet'),
      gateway6: config6?.words('Gateway'),
    }),
    created: readTime(fields.text('Created')) ?? 0,
    internal: fields.flag('Internal') ?? false,
    labels: fields.pairs('Labels') ?? {},
    containers,
  };
}

/** The body of `POST /networks/create`. */
export function networkRequestJson(request: NetworkRequest): object {
  const { name, subnet, gateway, subnet6, gateway6, ipv4, internal, labels } = request;
  const ipv6 = request.ipv6 || subnet6 !== undefined || undefined;
  const configs = [
    defined({ Subnet: subnet, Gateway: gateway }),
    defined({ Subnet: subnet6, Gateway: gateway6 }),
  ].filter(config => Object.keys(config).length > 0);
  return {
    Name: name,
    Driver: 'bridge',
    CheckDuplicate: true,
    ...defined({ Internal: internal, Labels: labels, EnableIPv4: ipv4, EnableIPv6: ipv6 }),
    ...(configs.length === 0 ? {} : { IPAM: { Driver: 'default', Config: configs } }),
  };
}
