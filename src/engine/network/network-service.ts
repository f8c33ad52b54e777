import { join } from 'node:path';
import { PlimsollError, withContext } from '../../errors.ts';
import type { EventService } from '../events/index.ts';
import { withLock } from '../kernel/index.ts';
import type { Database, Root } from '../store/index.ts';
import {
  anyBooked,
  type Booking,
  book,
  bookedPorts,
  bookings,
  findBooking,
  unbook,
  validatePort,
} from './address-book.ts';
import { type BridgeDriver, createBridgeDriver } from './bridge-driver.ts';
import { findLeftovers } from './find-leftovers.ts';
import { hostNameservers } from './host-nameservers.ts';
import { findFreePort, probePort } from './host-ports.ts';
import { hostRoutes } from './host-routes.ts';
import type { IdleBridge } from './idle-bridge.ts';
import type { Link } from './ip-batch.ts';
import { createNameServer, type NameServer } from './name-server.ts';
import { bridgeName, linkName, namespaceName, namespacePath } from './names.ts';
import {
  type BridgeNetwork,
  bridgeNetworks,
  defaultNetwork,
  fixedNetworks,
  networkNotFound,
  resolveBridgeNetwork,
} from './networks.ts';
import type { PortRule } from './nft-rules.ts';
import { probeOtherRoots } from './other-roots.ts';
import type { ConnectRequest, Endpoint, Network, NetworkService, PublishedPort } from './types.ts';

/** What the network service of a root needs. */
export interface NetworkServiceOptions {
  readonly root: Root;
  readonly db: Database;
  readonly events: EventService;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Takes bridges away some time after their last container; without it that is done at once. */
  readonly idle?: IdleBridge;
}

/**
 * The networks of a root. The database says who has which address and port; the kernel follows it.
 *
 * An endpoint is booked before anything of it is made, and its booking goes after all of it is gone. So whoever finds
 * no booking may take the bridge away, and whoever has one will find it made (both under one lock).
 */
export function createNetworkService(options: NetworkServiceOptions): NetworkService {
  const { root } = options;
  const state: ServiceState = {
    ...options,
    driver: createBridgeDriver(root),
    names: createNameServer(root),
    infrastructureLock: join(root.runDir, 'locks', 'network'),
  };
  return {
    list: () => listNetworks(state),
    inspect(name) {
      const found = listNetworks(state).find(network => network.name === name || network.id === name);
      if (found === undefined) throw networkNotFound(name);
      return found;
    },
    namespacePath: container => namespacePath(root, container),
    connect: request => connect(state, request),
    disconnect: container => disconnect(state, container),
    repair: live => repair(state, live),
    lowerIfUnused: () => lowerIfUnused(state),
    tidy: () => (root.rootless ? Promise.resolve() : tidy(state)),
    leftovers: async live => (root.rootless ? [] : await findLeftovers(state, live)),
  };
}

interface ServiceState extends NetworkServiceOptions {
  readonly driver: BridgeDriver;
  readonly names: NameServer;
  readonly infrastructureLock: string;
}

async function connect(state: ServiceState, request: ConnectRequest): Promise<Endpoint> {
  const { root, db } = state;
  if (root.rootless) throw needsRoot();
  if (request.network === 'host' || request.network === 'none') {
    throw new TypeError(`network "${request.network}" has no endpoints`);
  }
  for (const port of request.ports) validatePort(port);
  const earlier = findBooking(db, request.container);
  if (earlier !== undefined) await disconnect(state, request.container);
  const { booking, network } = await reserve(state, request);
  try {
    return await realise(state, request, booking, network);
  } catch (error) {
    await disconnect(state, request.container);
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
    const place = { container: request.container, network: network.name, subnet: network.subnet, ports };
    return { network, booking: book(db, place) };
  });
  try {
    await Promise.all([...ports.map(probePort), probeOtherRoots(root, ports)]);
  } catch (error) {
    unbook(db, request.container);
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
    driver.plug(link),
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

/** Makes bridges and table as the database has them; `done` tells that another process was faster. */
function raise(state: ServiceState, done: () => boolean = () => false): Promise<void> {
  const { db, driver, infrastructureLock } = state;
  return withLock(infrastructureLock, async () => {
    if (!done()) await driver.raise(bridgeNetworks(db), bookings(db).flatMap(rules));
  });
}

async function disconnect(state: ServiceState, container: string): Promise<void> {
  const { root, db, driver, names, events } = state;
  const booking = findBooking(db, container);
  const network = bridgeNetworks(db).find(({ name }) => name === booking?.network);
  await Promise.all([
    driver.unplug(namespaceName(root, container)),
    booking !== undefined && booking.ports.length > 0 ? unpublish(state, booking) : undefined,
    network === undefined
      ? undefined
      : names.update(network.name, network.gateway, entries =>
          entries.filter(entry => entry.container !== container),
        ),
  ]);
  if (!unbook(db, container)) return await tidy(state);
  if (network !== undefined) announce(events, network, 'disconnect', container);
  if (!anyBooked(db)) await leave(state);
}

/** The last one has left: bridges go too, but not at once, as the next container most often comes soon. */
async function leave(state: ServiceState): Promise<void> {
  if (state.idle === undefined) await lowerIfUnused(state);
  else state.idle.begin();
}

/** What a killed process had no time for. */
async function tidy(state: ServiceState): Promise<void> {
  const { db, driver } = state;
  const isUp = bridgeNetworks(db).some(({ bridge }) => driver.hasBridge(bridge));
  if (isUp && !anyBooked(db)) await leave(state);
}

/** Takes the ports out of the table; if it is not as it should be, makes it anew without them. */
async function unpublish({ db, driver, infrastructureLock }: ServiceState, booking: Booking): Promise<void> {
  await driver.deletePorts(rules(booking)).catch(() =>
    withLock(infrastructureLock, async () => {
      const networks = bridgeNetworks(db).filter(network => driver.isUp(network));
      if (networks.length === 0) return;
      const others = bookings(db).filter(({ container }) => container !== booking.container);
      await driver.raise(networks, others.flatMap(rules));
    }),
  );
}

async function lowerIfUnused({ db, driver, names, infrastructureLock }: ServiceState): Promise<void> {
  await withLock(infrastructureLock, async () => {
    const networks = bridgeNetworks(db);
    const up = networks.filter(network => driver.isUp(network));
    driver.retire(networks); // before the look at the bookings: who books from now on finds it down, and waits for the lock
    if (anyBooked(db)) return driver.reinstate(up); // somebody came meanwhile, and may be using the bridge
    await Promise.all([names.stop(), driver.lower(networks)]);
  });
}

async function repair(state: ServiceState, who: Parameters<NetworkService['repair']>[0]): Promise<void> {
  const { root, db, driver, names } = state;
  if (root.rootless) return;
  const before = bookings(db);
  const live = typeof who === 'function' ? who() : who;
  for (const { container } of before) if (!live.has(container)) await disconnect(state, container);
  const namespaces = driver.namespaces(); // before the bookings: a booking is there before its namespace
  const kept = bookings(db);
  const expected = new Set(kept.map(({ container }) => namespaceName(root, container)));
  for (const namespace of namespaces) {
    if (!expected.has(namespace)) await driver.unplug(namespace);
  }
  if (kept.length === 0) return await lowerIfUnused(state);
  await raise(state);
  for (const network of bridgeNetworks(db)) {
    const here = kept.filter(booking => booking.network === network.name);
    await driver.attach(here.map(booking => linkOf(state, booking, network)));
    await driver.detachOthers(
      network.bridge,
      () => new Set(bookings(db).map(({ container }) => linkName(root, container))),
    );
    await names.update(network.name, network.gateway, entries =>
      entries.filter(entry => here.some(({ container }) => container === entry.container)),
    );
  }
}

function listNetworks({ root, db }: ServiceState): Network[] {
  const networks = bridgeNetworks(db).map(network => ({
    ...network,
    driver: 'bridge' as const,
    containers: Object.fromEntries(
      bookings(db, network.name).map(({ container, address }) => [container, address]),
    ),
  }));
  const hasDefault = networks.some(({ name }) => name === defaultNetwork);
  return [...networks, ...fixedNetworks(root).filter(({ name }) => !hasDefault || name !== defaultNetwork)];
}

function linkOf({ root, driver }: ServiceState, booking: Booking, network: BridgeNetwork): Link {
  return {
    namespace: namespaceName(root, booking.container),
    host: linkName(root, booking.container),
    bridge: network.bridge,
    mac: booking.mac,
    address: `${booking.address}/${network.subnet.split('/')[1]}`,
    gateway: network.gateway,
    mtu: driver.mtu(),
  };
}

function rules(booking: Booking): PortRule[] {
  return booking.ports.map(port => ({ ...port, address: booking.address }));
}

function announce(
  events: EventService,
  network: BridgeNetwork,
  action: 'connect' | 'disconnect',
  container: string,
): void {
  events.emit('network', action, network.id, { container, name: network.name, type: 'bridge' });
}

/** Waits for all, also when one fails: so that nothing goes on being made while the rest is undone. */
async function settle<T extends readonly Promise<unknown>[]>(
  work: readonly [...T],
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work);
  return await Promise.all(work);
}

function needsRoot(): PlimsollError {
  return new PlimsollError('not-implemented', 'a network of its own needs root', {
    code: 'NETWORK_ROOTLESS',
    hint: 'run as root, or use --network host or none',
  });
}
