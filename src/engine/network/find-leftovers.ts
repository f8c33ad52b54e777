import type { Database, Root } from '../store/index.ts';
import { bookings } from './address-book.ts';
import type { BridgeDriver } from './bridge-driver.ts';
import type { IdleBridge } from './idle-bridge.ts';
import type { NameServer } from './name-server.ts';
import { bridgeName, namespaceName, tableName } from './names.ts';
import { bridgeNetworks } from './networks.ts';
import type { PublishedPorts } from './rootless/published-ports.ts';
import type { NetworkProblem } from './types.ts';

/** Where the kernel's networking and the database differ; looks only. */
export async function findLeftovers(
  parts: {
    root: Root;
    db: Database;
    driver: BridgeDriver;
    names: NameServer;
    idle?: IdleBridge;
    published?: PublishedPorts;
  },
  live: ReadonlySet<string>,
): Promise<NetworkProblem[]> {
  const { root, db, driver, names, idle, published } = parts;
  const namespaces = driver.namespaces(); // before the bookings: a booking is there before its namespace
  const booked = bookings(db);
  const owned = new Set(booked.map(({ container }) => namespaceName(root, container)));
  const found: NetworkProblem[] = [];
  for (const namespace of namespaces) {
    if (!owned.has(namespace))
      found.push({ subject: namespace, problem: 'a network namespace of no container' });
  }
  for (const booking of booked) {
    const { container, address = booking.address6 } = booking;
    const subject = container.slice(0, 12);
    if (!live.has(container))
      found.push({ subject, problem: `holds the address ${address}, but does not run` });
    else if (!namespaces.includes(namespaceName(root, container))) {
      found.push({ subject, problem: 'runs, but its network namespace is gone' });
    } else if (published?.isOpen(booking) === false) {
      found.push({ subject, problem: 'runs, but nothing opens its published ports' });
    }
  }
  const networks = bridgeNetworks(db);
  const used = networks.filter(({ name }) => booked.some(one => one.network === name));
  if (used.length > 0) {
    for (const network of used) {
      if (!driver.isUp(network))
        found.push({ subject: network.bridge, problem: 'containers run, but it is down' });
    }
    const families = used.some(({ subnet6 }) => subnet6 !== undefined)
      ? (['ip', 'ip6'] as const)
      : (['ip'] as const);
    for (const family of families) {
      if (await driver.hasTable(family)) continue;
      found.push({ subject: tableName(root), problem: 'containers run, but the nftables table is gone' });
    }
    return found;
  }
  if (idle?.isPending()) return found;
  const bridges = new Set([bridgeName(root), ...networks.map(({ bridge }) => bridge)]);
  for (const bridge of bridges) {
    if (driver.hasBridge(bridge))
      found.push({ subject: bridge, problem: 'a bridge that no container is on' });
  }
  for (const family of ['ip', 'ip6'] as const) {
    if (!(await driver.hasTable(family))) continue;
    found.push({ subject: tableName(root), problem: 'an nftables table that serves no container' });
  }
  if (names.isRunning())
    found.push({ subject: 'aardvark-dns', problem: 'a name server that serves no container' });
  return found;
}
