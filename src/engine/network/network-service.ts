import { PlimsollError } from '../../errors.ts';
import { defined } from '../../lib/defined.ts';
import type { EventService } from '../events/index.ts';
import type { Database, Root } from '../store/index.ts';
import { type Booking, bookings } from './address-book.ts';
import { createBridgeDriver } from './bridge-driver.ts';
import { connect } from './connect.ts';
import { createNetwork } from './create-network.ts';
import { disconnect, disconnectOne } from './disconnect.ts';
import { findLeftovers } from './find-leftovers.ts';
import { hostRoutes, hostRoutes6 } from './host-routes.ts';
import type { IdleBridge } from './idle-bridge.ts';
import { createNameServer } from './name-server.ts';
import { linkName, namespaceName, namespacePath } from './names.ts';
import {
  bridgeNetworks,
  defaultNetwork,
  fixedNetworks,
  nameServerOn,
  networkNotFound,
  usedNetworks,
} from './networks.ts';
import { writeParentOptions } from './parent/parent-mode.ts';
import { parentNetworks } from './parent/parent-networks.ts';
import { removeNetwork } from './remove-network.ts';
import type { PublishedPorts } from './rootless/published-ports.ts';
import { linkOf, lowerIfUnused, raise, type ServiceState, tidy } from './service-state.ts';
import type { Network, NetworkMember, NetworkRequest, NetworkService } from './types.ts';

/** What the network service of a root needs. */
export interface NetworkServiceOptions {
  readonly root: Root;
  readonly db: Database;
  readonly events: EventService;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Takes bridges away some time after their last container; without it that is done at once. */
  readonly idle?: IdleBridge;
  /** For an ordinary user: what published ports are opened by. */
  readonly published?: PublishedPorts;
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
  };
  return {
    list: () => listNetworks(state),
    inspect(name) {
      const found = listNetworks(state).find(network => network.name === name || network.id === name);
      if (found === undefined) throw networkNotFound(name);
      return found;
    },
    create: request => create(state, request),
    remove: name => removeNetwork(state, name),
    namespacePath: container => namespacePath(root, container),
    connect: request => connect(state, request),
    disconnect: (container, network) =>
      network === undefined ? disconnect(state, container) : disconnectOne(state, container, network),
    repair: live => repair(state, live),
    lowerIfUnused: () => lowerIfUnused(state),
    tidy: () => tidy(state),
    leftovers: live => findLeftovers(state, live),
  };
}

function create(state: ServiceState, request: NetworkRequest): Network {
  const { root, db, clock, events } = state;
  const { driver = 'bridge' } = request;
  if (root.rootless && driver !== 'bridge') throw needsRoot(driver);
  return db.transaction(() => {
    createNetwork(db, root, request, {
      taken: () => hostRoutes(''),
      taken6: () => hostRoutes6(),
      now: clock(),
    });
    const network = listNetworks(state).find(({ name }) => name === request.name);
    if (network === undefined) throw new TypeError(`network "${request.name}" was not recorded`);
    events.emit('network', 'create', network.id, { name: network.name, type: network.driver });
    return network;
  });
}

async function repair(state: ServiceState, who: Parameters<NetworkService['repair']>[0]): Promise<void> {
  const { root, db, driver, names, published } = state;
  const before = bookings(db);
  const live = typeof who === 'function' ? who() : who;
  for (const { container } of before) if (!live.has(container)) await disconnect(state, container);
  const namespaces = driver.namespaces(); // before the bookings: a booking is there before its namespace
  const kept = bookings(db);
  await published?.closeOthers(() => bookings(db));
  const expected = new Set(kept.map(({ container }) => namespaceName(root, container)));
  for (const namespace of namespaces) {
    if (!expected.has(namespace)) await driver.unplug(namespace);
  }
  if (usedNetworks(db).length === 0) return await lowerIfUnused(state);
  await raise(state);
  await published?.reopen(() => bookings(db));
  for (const network of usedNetworks(db)) {
    const here = kept.filter(booking => booking.network === network.name);
    await driver.attach(here.map(booking => linkOf(state, booking, network)));
    await driver.detachOthers(
      network.bridge,
      () => new Set(bookings(db).map(booking => linkName(root, booking))),
    );
    await names.update(network.name, nameServerOn(network), entries =>
      entries.filter(entry => here.some(({ container }) => container === entry.container)),
    );
  }
}

function listNetworks({ root, db }: ServiceState): Network[] {
  const containers = (name: string) =>
    Object.fromEntries(bookings(db, name).map(booking => [booking.container, memberOf(booking)]));
  const bridges = bridgeNetworks(db).map(network => ({
    ...network,
    driver: 'bridge' as const,
    containers: containers(network.name),
  }));
  const onParents = parentNetworks(db).map(({ mode, parent, ...network }) => ({
    ...network,
    options: writeParentOptions({ driver: network.driver, mode, parent }),
    containers: containers(network.name),
  }));
  const networks = [...bridges, ...onParents];
  const hasDefault = networks.some(({ name }) => name === defaultNetwork);
  return [...networks, ...fixedNetworks(root).filter(({ name }) => !hasDefault || name !== defaultNetwork)];
}

function memberOf({ address, address6, mac }: Booking): NetworkMember {
  return { ...defined({ address, address6 }), mac };
}

/** The links of the machine are not an ordinary user's. */
function needsRoot(driver: string): PlimsollError {
  return new PlimsollError('permission-denied', `a network of ${driver} needs root`, {
    code: 'NETWORK_NEEDS_ROOT',
    hint: 'run it with sudo, or make a network of the usual kind',
  });
}
