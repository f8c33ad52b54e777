import { isIPv6 } from 'node:net';
import type { PublishedPort } from '../../engine/index.ts';
import { badOption } from './bad-option.ts';

/**
 * The ports of one `--publish`: `[address:][host]:container[/protocol]`, or `container` alone for a free host port;
 * ranges of equal length stand for their pairs, and a range of the host for its first free port.
 */
export function parsePort(text: string): PublishedPort[] {
  const [, address, host, container, protocol] = pattern.exec(text) ?? [];
  if (container === undefined) throw badPort(text, 'it is not of that form');
  const inside = parseRange(container, text);
  const outside = host === undefined || host === '' ? inside.map(() => 0) : parseRange(host, text);
  const isChoice = inside.length === 1 && outside.length > 1;
  if (!isChoice && inside.length !== outside.length) throw badPort(text, 'its ranges differ in length');
  if (inside.includes(0)) throw badPort(text, 'a container has no port 0');
  return inside.map((containerPort, i) => ({
    protocol: (protocol?.toLowerCase() ?? 'tcp') as PublishedPort['protocol'],
    hostAddress: parseAddress(address, text),
    hostPort: outside[i] ?? 0,
    ...(isChoice ? { lastHostPort: outside.at(-1) ?? 0 } : {}),
    containerPort,
  }));
}

/** The same as `--publish` takes it; `parsePort` reads it back. */
export function formatPort(port: PublishedPort): string {
  const { hostAddress, hostPort, lastHostPort, containerPort, protocol } = port;
  const address = hostAddress === '' ? '' : `${isIPv6(hostAddress) ? `[${hostAddress}]` : hostAddress}:`;
  const outside = `${hostPort === 0 ? '' : hostPort}${lastHostPort === undefined ? '' : `-${lastHostPort}`}`;
  return `${address}${outside}:${containerPort}${protocol === 'tcp' ? '' : `/${protocol}`}`;
}

const pattern = /^(?:(?:(\[[^\]]*\]|[^:[\]/]*):)?([\d-]*):)?([\d-]+)(?:\/(tcp|udp|sctp))?$/i;

function parseRange(text: string, whole: string): number[] {
  const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  if (first === undefined) throw badPort(whole, `"${text}" is not a port`);
  const [from, to] = [Number(first), Number(last ?? first)];
  if (to > 65535) throw badPort(whole, `${to} is above 65535`);
  if (to < from) throw badPort(whole, `the range "${text}" ends before it begins`);
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

function parseAddress(address: string | undefined, whole: string): string {
  if (address === undefined || address === '') return '';
  const inner = address.replace(/^\[(.*)\]$/, '$1');
  if (inner !== address && isIPv6(inner)) return inner;
  const octets = address.split('.');
  const valid = octets.length === 4 && octets.every(octet => /^\d{1,3}$/.test(octet) && Number(octet) <= 255);
  if (!valid) throw badPort(whole, `"${address}" is not an IP address`);
  return octets.map(Number).join('.');
}

function badPort(text: string, why: string) {
  return badOption(
    `cannot publish "${text}": ${why}`,
    'write [ADDRESS:][HOST-PORT:]CONTAINER-PORT[/udp], as in 8080:80; an IPv6 address in brackets',
  );
}
