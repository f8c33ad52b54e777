import { PlimsollError, withContext } from '../../errors.ts';
import { defined } from '../../lib/defined.ts';
import type { Database } from '../store/index.ts';
import { anyBooked, type Booking, book, bookedPorts, unbookOne, validatePort } from './address-book.ts';
import { disconnectOne } from './disconnect.ts';
import type { DnsEntry } from './dns-config.ts';
import { forwardBlocks } from './firewall/forward-blocks.ts';
import { isLedByKernel, perAddress } from './host-address.ts';
import { hostNameservers } from './host-nameservers.ts';
import { findFreePort, probePort } from './host-ports.ts';
import { hostRoutes } from './host-routes.ts';
import { bridgeName, namespacePath } from './names.ts';
import { type BridgeNetwork, nameServerOn, resolveBridgeNetwork } from './networks.ts';
import { probeOtherRoots } from './other-roots.ts';
import { connectToParent } from './parent/connect-parent.ts';
import { findParentNetwork } from './parent/parent-networks.ts';
import { userNetwork } from './rootless/place.ts';
import { uplinkProblem } from './rootless/uplink.ts';
import { openUserNetwork } from './rootless/user-network.ts';
import { announce, leave, linkOf, raise, rules, type ServiceState } from './service-state.ts';
import type { ConnectRequest, Endpoint, PublishedPort } from './types.ts';

/** See `NetworkService.connect`. */
export async function connect(state: ServiceState, request: ConnectRequest): Promise<Endpoint> {
  if (request.network === 'host' || request.network === 'none') {
    throw new TypeError(`network "${request.network}" has no endpoints`);
  }
  for (const port of request.ports) validatePort(port);
  await disconnectOne(state, request.container, request.network);
  const onParent = findParentNetwork(state.db, request.network);
  if (onParent !== undefined) return await connectToParent(state, request, onParent);
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
  const resolve = () =>
    resolveBridgeNetwork(db, root, {
      name: request.network,
      taken: () => hostRoutes(bridgeName(root)),
      now: clock(),
    });
  const ports = request.ports.length === 0 ? [] : await choosePorts(db, resolve(), request.ports);
  const { booking, network } = db.transaction(() => {
    const network = resolve();
    if (network.internal && ports.length > 0) throw portsOfInternal(network.name);
    const { name, subnet, gateway, subnet6, gateway6, range } = network;
    const place = defined({ subnet, gateway, subnet6, gateway6, range });
    return { network, booking: book(db, { ...request, network: name, ...place, ports }) };
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

/** One by one address of the host, with free ports where any was asked for: the same on all addresses of one wish. */
async function choosePorts(
  db: Database,
  network: BridgeNetwork,
  wishes: readonly PublishedPort[],
): Promise<PublishedPort[]> {
  const chosen: PublishedPort[] = [];
  for (const wish of wishes) {
    const { lastHostPort, ...plain } = wish;
    const ports = perAddress(plain, network);
    if (wish.hostPort !== 0 && lastHostPort === undefined) {
      chosen.push(...ports);
      continue;
    }
    const taken = bookedPorts(db, wish.protocol);
    for (const other of chosen) if (other.protocol === wish.protocol) taken.add(other.hostPort);
    const hostPort = await findFreePort(ports, taken, lastHostPort);
    chosen.push(...ports.map(port => ({ ...port, hostPort })));
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
  else if (userNetwork !== undefined) await openUserNetwork(userNetwork); // somebody may have killed its way out
  const link = linkOf(state, booking, network);
  const [named, , warnings] = await settle([
    names.update(network.name, nameServerOn(network), entries => [
      ...entries.filter(entry => entry.container !== booking.container),
      { ...dnsPlace(booking), names: request.names },
    ]),
    driver.plug(link, { first: booking.interface === 'eth0' }),
    publish(state, booking, network),
  ]);
  announce(events, network, 'connect', booking.container);
  return {
    network: network.name,
    ...defined({ address: link.address, address6: link.address6 }),
    ...defined({ gateway: network.gateway, gateway6: network.gateway6 }),
    mac: booking.mac,
    namespace: namespacePath(root, booking.container),
    ports: booking.ports,
    nameservers: named ? [nameServerOn(network)] : hostNameservers(network),
    warnings: [...warnings, ...wayOut(network)],
  };
}

function dnsPlace({ container, address, address6 }: Booking): Omit<DnsEntry, 'names'> {
  return { container, ...defined({ address, address6 }) };
}

/** Adds the ports to the table; if somebody flushed it (a firewall reload does), makes it anew from the database. */
async function publish(state: ServiceState, booking: Booking, { bridge }: BridgeNetwork): Promise<string[]> {
  if (booking.ports.length === 0) return [];
  const chains = await state.driver.addPorts(rules(booking)).catch(() => raise(state));
  await openByProcess(state, booking);
  if (userNetwork !== undefined) return []; // what the host's firewall forwards is none of it
  const blocks = await forwardBlocks({ bridge, ...(chains === undefined ? {} : { chains }) });
  return blocks.map(
    ({ chain, keeper }) =>
      `published ports may be closed from outside: the host's firewall (${keeper}, chain "${chain}") drops what it forwards; 'plimsoll doctor' says how to let them in`,
  );
}

async function openByProcess({ published }: ServiceState, booking: Booking): Promise<void> {
  if (published !== undefined) return await published.open(booking);
  const left = booking.ports.find(port => !isLedByKernel(port, booking));
  if (left === undefined) return;
  throw new PlimsollError('unavailable', `nothing can lead "${left.hostAddress}" to a container here`, {
    code: 'PORTS_UNAVAILABLE',
    hint: 'publish on an address of a kind that the network has',
  });
}

/** A container that nobody can lead to the world runs nevertheless: it reaches others, and its ports are reached. */
function wayOut({ internal }: BridgeNetwork): string[] {
  const problem = userNetwork === undefined || internal ? undefined : uplinkProblem();
  return problem === undefined ? [] : [`no way out of this machine: ${problem}`];
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
