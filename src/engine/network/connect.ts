import { PlimsollError, withContext } from '../../errors.ts';
import type { Database } from '../store/index.ts';
import { anyBooked, type Booking, book, bookedPorts, unbookOne, validatePort } from './address-book.ts';
import { disconnectOne } from './disconnect.ts';
import { hostNameservers } from './host-nameservers.ts';
import { findFreePort, probePort } from './host-ports.ts';
import { hostRoutes } from './host-routes.ts';
import { bridgeName, namespacePath } from './names.ts';
import { type BridgeNetwork, resolveBridgeNetwork } from './networks.ts';
import { probeOtherRoots } from './other-roots.ts';
import { announce, leave, linkOf, needsRoot, raise, rules, type ServiceState } from './service-state.ts';
import type { ConnectRequest, Endpoint, PublishedPort } from './types.ts';

/** See `NetworkService.connect`. */
export async function connect(state: ServiceState, request: ConnectRequest): Promise<Endpoint> {
  const { root } = state;
  if (root.rootless) throw needsRoot();
  if (request.network === 'host' || request.network === 'none') {
    throw new TypeError(`network "${request.network}" has no endpoints`);
  }
  for (const port of request.ports) validatePort(port);
  await disconnectOne(state, request.container, request.network);
  const { booking, network } = await reserve(state, request);
  try {
    return await realise(state, request, booking, network);
  } catch (error) {
    await disconnectOne(state, request.container, network.name);
    throw withContext(`cannot connect the container to network "${network.name}"`, error);
  }
}

/** Books the endpoint, with free host ports where any was asked for, and proves its ports free of host processes. */
async function reserve(
  state: ServiceState,
  request: ConnectRequest,
): Promise<{ booking: Booking; network: BridgeNetwork }> {
  const { root, db, clock } = state;
  const ports = await choosePorts(db, request.ports);
  const { booking, network } = db.transaction(() => {
    const network = resolveBridgeNetwork(db, root, {
      name: request.network,
      taken: () => hostRoutes(bridgeName(root)),
      now: clock(),
    });
    if (network.internal && ports.length > 0) throw portsOfInternal(network.name);
    const { name, subnet, gateway } = network;
    return { network, booking: book(db, { ...request, network: name, subnet, gateway, ports }) };
  });
  try {
    await Promise.all([...ports.map(probePort), probeOtherRoots(root, ports)]);
  } catch (error) {
    unbookOne(db, booking);
    if (!anyBooked(db)) await leave(state); // the last other one may have left it to us
    throw error;
  }
  return { booking, network };
}

async function choosePorts(db: Database, ports: readonly PublishedPort[]): Promise<PublishedPort[]> {
  const chosen: PublishedPort[] = [];
  for (const port of ports) {
    if (port.hostPort !== 0) {
      chosen.push(port);
      continue;
    }
    const taken = bookedPorts(db, port.protocol);
    for (const other of chosen) if (other.protocol === port.protocol) taken.add(other.hostPort);
    chosen.push({ ...port, hostPort: await findFreePort(port, taken) });
  }
  return chosen;
}

/** Makes what is booked: bridge and table if they lack, then link, ports and names at the same time. */
async function realise(
  state: ServiceState,
  request: ConnectRequest,
  booking: Booking,
  network: BridgeNetwork,
): Promise<Endpoint> {
  const { root, driver, names, events } = state;
  if (!driver.isUp(network)) await raise(state, () => driver.isUp(network));
  const link = linkOf(state, booking, network);
  const [named] = await settle([
    names.update(network.name, network.gateway, entries => [
      ...entries.filter(entry => entry.container !== booking.container),
      { container: booking.container, address: booking.address, names: request.names },
    ]),
    driver.plug(link, { first: booking.interface === 'eth0' }),
    publish(state, booking),
  ]);
  announce(events, network, 'connect', booking.container);
  return {
    network: network.name,
    address: link.address,
    gateway: network.gateway,
    mac: booking.mac,
    namespace: namespacePath(root, booking.container),
    ports: booking.ports,
    nameservers: named ? [network.gateway] : hostNameservers(),
  };
}

/** Adds the ports to the table; if somebody flushed it (a firewall reload does), makes it anew from the database. */
async function publish(state: ServiceState, booking: Booking): Promise<void> {
  if (booking.ports.length === 0) return;
  await state.driver.addPorts(rules(booking)).catch(() => raise(state));
}

function portsOfInternal(name: string): PlimsollError {
  return new PlimsollError(
    'invalid-argument',
    `network "${name}" is internal: ports cannot be published from it`,
    {
      code: 'PORTS_OF_INTERNAL',
      hint: 'use another network, or leave --publish out',
      data: { network: name },
    },
  );
}

/** Waits for all, also when one fails: so that nothing goes on being made while the rest is undone. */
async function settle<T extends readonly Promise<unknown>[]>(
  work: readonly [...T],
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work);
  return await Promise.all(work);
}
