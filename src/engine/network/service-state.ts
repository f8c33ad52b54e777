import { join } from 'node:path';
import type { EventService } from '../events/index.ts';
import { withLock } from '../kernel/index.ts';
import type { Database, Root } from '../store/index.ts';
import { anyBooked, type Booking, bookings } from './address-book.ts';
import type { BridgeDriver } from './bridge-driver.ts';
import { isLedByKernel } from './host-address.ts';
import type { IdleBridge } from './idle-bridge.ts';
import { isAddress6 } from './ipv6.ts';
import type { NameServer } from './name-server.ts';
import { linkName, namespaceName } from './names.ts';
import { type BridgeNetwork, bridgeNetworks, usedNetworks } from './networks.ts';
import type { PortRule } from './nft-rules.ts';
import type { Link } from './plug-link.ts';
import type { PublishedPorts } from './rootless/published-ports.ts';

/** What the verbs of networks work with. */
export interface ServiceState {
  readonly root: Root;
  readonly db: Database;
  readonly events: EventService;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly idle?: IdleBridge;
  readonly published?: PublishedPorts;
  readonly driver: BridgeDriver;
  readonly names: NameServer;
}

/** Runs `action` while no other process makes or takes away bridges and tables. */
export function withInfrastructure<T>({ root }: ServiceState, action: () => Promise<T>): Promise<T> {
  return withLock(join(root.runDir, 'locks', 'network'), action);
}

/** Makes bridges and table as the database has them; `done` tells that another process was faster. */
export function raise(state: ServiceState, done: () => boolean = () => false): Promise<void> {
  const { db, driver } = state;
  return withInfrastructure(state, async () => {
    if (!done()) await driver.raise(usedNetworks(db), bookings(db).flatMap(rules));
  });
}

/** The last one has left: bridges go too, but not at once, as the next container most often comes soon. */
export async function leave(state: ServiceState): Promise<void> {
  if (state.idle === undefined) await lowerIfUnused(state);
  else state.idle.begin();
}

/** What a killed process had no time for, and a name server or forwarder of ports that somebody killed. */
export async function tidy(state: ServiceState): Promise<void> {
  const { db, driver, names, published } = state;
  await published?.closeOthers(() => bookings(db));
  const isUp = bridgeNetworks(db).some(({ bridge }) => driver.hasBridge(bridge));
  if (!isUp) return;
  if (!anyBooked(db)) return await leave(state);
  await names.revive();
  await published?.reopen(() => bookings(db));
}

/** Takes bridges, table and name server away if nobody is on any network. */
export async function lowerIfUnused(state: ServiceState): Promise<void> {
  const { db, driver, names } = state;
  await withInfrastructure(state, async () => {
    const networks = bridgeNetworks(db);
    const up = networks.filter(network => driver.isUp(network));
    driver.retire(networks); // before the look at the bookings: who books from now on finds it down, and waits for the lock
    if (anyBooked(db)) return driver.reinstate(up); // somebody came meanwhile, and may be using the bridge
    await Promise.all([names.stop(), driver.lower(networks)]);
  });
}

export function linkOf({ root, driver }: ServiceState, booking: Booking, network: BridgeNetwork): Link {
  const isWayOut = booking.interface === 'eth0' && !network.internal;
  const { linkMtu, uplinkMtu } = driver.mtu();
  const withLength = (address: string | undefined, subnet: string | undefined) =>
    address === undefined ? undefined : `${address}/${subnet?.split('/')[1]}`;
  return {
    namespace: namespaceName(root, booking.container),
    name: booking.interface,
    host: linkName(root, booking),
    bridge: network.bridge,
    mac: booking.mac,
    address: withLength(booking.address, network.subnet),
    gateway: isWayOut ? network.gateway : undefined,
    address6: withLength(booking.address6, network.subnet6),
    gateway6: isWayOut ? network.gateway6 : undefined,
    mtu: linkMtu,
    ...(uplinkMtu < linkMtu ? { wayOutMtu: uplinkMtu } : {}),
  };
}

/** What leads its ports in the kernel; the others are a process's, see `PublishedPorts`. */
export function rules(booking: Booking): PortRule[] {
  return booking.ports
    .filter(port => isLedByKernel(port, booking))
    .map(port => ({
      ...port,
      address: (isAddress6(port.hostAddress) ? booking.address6 : booking.address) ?? '',
    }));
}

export function announce(
  events: EventService,
  network: { readonly id: string; readonly name: string; readonly driver?: string },
  action: 'connect' | 'disconnect',
  container: string,
): void {
  events.emit('network', action, network.id, {
    container,
    name: network.name,
    type: network.driver ?? 'bridge',
  });
}
