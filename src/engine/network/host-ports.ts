import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { errnoOf, PlimsollError } from '../../errors.ts';
import { portInUse } from './address-book.ts';
import { isAddress6 } from './ipv6.ts';
import { portOwner } from './port-owner.ts';
import type { PublishedPort } from './types.ts';

/**
 * Proves that no process of the host listens on a port, by listening on it for a moment. Throws `conflict`
 * (`PORT_IN_USE`, naming the process if it can be found), `invalid-argument` if the host lacks the address.
 */
export async function probePort(port: PublishedPort): Promise<void> {
  try {
    if (port.protocol === 'sctp') refuseIfBound(port);
    else await (port.protocol === 'tcp' ? bindTcp(port) : bindUdp(port));
  } catch (error) {
    throw bindError(port, error);
  }
}

/**
 * A port of the host that is free on all of these addresses, and none of `taken`. With `last` the first one from their
 * own to that; else one of those that the kernel gives to clients (ip_local_port_range), a random one, so that it is
 * not the one that has just been freed. Throws `resource-exhausted`.
 */
export async function findFreePort(
  ports: readonly PublishedPort[],
  taken: ReadonlySet<number>,
  last?: number,
): Promise<number> {
  const { first, count, start } = range(ports, last);
  for (let i = 0; i < count; i++) {
    const hostPort = first + ((start + i) % count);
    if (taken.has(hostPort)) continue;
    const free = await Promise.all(ports.map(port => probePort({ ...port, hostPort }))).then(
      () => true,
      error => {
        if (error instanceof PlimsollError && error.code === 'PORT_IN_USE') return false;
        throw error;
      },
    );
    if (free) return hostPort;
  }
  throw new PlimsollError('resource-exhausted', 'no free host port is left to publish on', {
    code: 'PORTS_EXHAUSTED',
    hint:
      last === undefined
        ? 'name a host port below the range of /proc/sys/net/ipv4/ip_local_port_range'
        : `all of ${first} to ${last} are in use: publish on others`,
  });
}

function bindTcp({ hostAddress, hostPort }: PublishedPort): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(
      { host: hostAddress, port: hostPort, exclusive: true, ipv6Only: isAddress6(hostAddress) },
      () => server.close(error => (error === undefined ? resolve() : reject(error))),
    );
  });
}

function bindUdp({ hostAddress, hostPort }: PublishedPort): Promise<void> {
  return new Promise((resolve, reject) => {
    const isV6 = isAddress6(hostAddress);
    const socket = createSocket({ type: isV6 ? 'udp6' : 'udp4', ipv6Only: isV6 });
    socket.once('error', error => {
      socket.close();
      reject(error);
    });
    socket.bind({ address: hostAddress, port: hostPort, exclusive: true }, () =>
      socket.close(() => resolve()),
    );
  });
}

/** Node has no sockets of SCTP: the kernel's list of endpoints tells, where it speaks SCTP at all. */
function refuseIfBound(port: PublishedPort): void {
  const owner = portOwner(port);
  if (owner !== undefined) throw portInUse(port, owner);
}

function bindError(port: PublishedPort, error: unknown): PlimsollError {
  switch (errnoOf(error)) {
    case 'EADDRINUSE':
      return portInUse(port, portOwner(port) ?? 'another process of the host');
    case 'EADDRNOTAVAIL':
      return new PlimsollError(
        'invalid-argument',
        `this host does not have the address "${port.hostAddress}"`,
        {
          code: 'PORT_INVALID',
          hint: "see 'ip address' for the addresses that it has, or publish on 0.0.0.0",
        },
      );
    default:
      return new PlimsollError(
        'permission-denied',
        `cannot publish port ${port.hostPort}/${port.protocol} on ${port.hostAddress}`,
        { code: 'PORT_REFUSED', hint: 'run as root, or publish a port above 1023', cause: error },
      );
  }
}

function range(
  ports: readonly PublishedPort[],
  last: number | undefined,
): { first: number; count: number; start: number } {
  if (last === undefined) {
    const { first, count } = localPortRange();
    return { first, count, start: Math.floor(Math.random() * count) };
  }
  const first = ports[0]?.hostPort ?? last;
  return { first, count: last - first + 1, start: 0 };
}

function localPortRange(): { first: number; count: number } {
  const [first = 32_768, last = 60_999] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
    .trim()
    .split(/\s+/)
    .map(Number);
  return { first, count: last - first + 1 };
}
