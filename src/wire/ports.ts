import type { PublishedPort } from '../engine/index.ts';
import { defined } from '../lib/defined.ts';
import { badRequest } from './bad-request.ts';
import type { JsonFields } from './json-fields.ts';

/** The PortBindings of a HostConfig, and with `exposed` (of PublishAllPorts) a free port for each that has none. */
export function toPorts(host: JsonFields, exposed: readonly string[]): PublishedPort[] {
  const bindings = host.object('PortBindings');
  const names = host.entries('PortBindings').map(([name]) => name);
  const bound = names.flatMap(name => {
    const given = bindings.objects(name);
    const port = parsePort(name);
    if (given.length === 0) return [{ ...port, hostAddress: '', hostPort: 0 }];
    return given.flatMap(binding => toPort(port, binding));
  });
  const free = exposed.filter(name => !names.includes(name));
  return [...bound, ...free.map(name => ({ ...parsePort(name), hostAddress: '', hostPort: 0 }))];
}

function toPort(port: Pick<PublishedPort, 'protocol' | 'containerPort'>, binding: JsonFields): PublishedPort {
  const hostAddress = binding.words('HostIp') ?? '';
  const text = binding.words('HostPort') ?? '0';
  const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  if (first === undefined || Number(last ?? first) > 65535 || Number(first) > Number(last ?? first))
    throw badRequest(`invalid port specification: "${text}"`);
  return {
    ...port,
    hostAddress,
    hostPort: Number(first),
    ...defined({ lastHostPort: last === undefined ? undefined : Number(last) }),
  };
}

function parsePort(text: string): Pick<PublishedPort, 'protocol' | 'containerPort'> {
  const [, number, protocol = 'tcp'] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text) ?? [];
  if (number === undefined || Number(number) > 65535 || Number(number) === 0) {
    throw badRequest(`invalid port specification: "${text}"`, 'as in 80/tcp');
  }
  return { containerPort: Number(number), protocol: protocol as PublishedPort['protocol'] };
}

/** Docker's Ports of a container in a list. */
export function portListJson(ports: readonly PublishedPort[], exposed: readonly string[]): object[] {
  const published = ports.map(({ protocol, hostAddress, hostPort, containerPort }) => ({
    IP: hostAddress,
    PrivatePort: containerPort,
    PublicPort: hostPort,
    Type: protocol,
  }));
  const known = new Set(ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`));
  const others = exposed.filter(name => !known.has(name)).map(parsePort);
  return [
    ...published,
    ...others.map(({ containerPort, protocol }) => ({ PrivatePort: containerPort, Type: protocol })),
  ];
}

/** Docker's map of a container's ports to those of the host; `exposed` ones that lead nowhere are null. */
export function portMapJson(
  ports: readonly PublishedPort[],
  exposed: readonly string[] = [],
): Record<string, { HostIp: string; HostPort: string }[] | null> {
  const map: Record<string, { HostIp: string; HostPort: string }[] | null> = {};
  for (const name of exposed) map[name] = null;
  for (const { containerPort, protocol, hostAddress, hostPort, lastHostPort } of ports) {
    const name = `${containerPort}/${protocol}`;
    const binding = {
      HostIp: hostAddress,
      HostPort: hostPort === 0 ? '' : [hostPort, lastHostPort].filter(Boolean).join('-'),
    };
    map[name] = [...(map[name] ?? []), binding];
  }
  return map;
}

/** The ports of an answer's `NetworkSettings.Ports`; those that lead nowhere are left out. */
export function readPortMap(entries: readonly (readonly [string, unknown])[]): PublishedPort[] {
  return entries.flatMap(([name, bindings]) => {
    const port = parsePort(name);
    const given: unknown[] = Array.isArray(bindings) ? bindings : [];
    return given.map((value): PublishedPort => {
      const { HostIp = '', HostPort = '0' } = value as { HostIp?: string; HostPort?: string };
      return { ...port, hostAddress: HostIp, hostPort: Number(HostPort) || 0 };
    });
  });
}
