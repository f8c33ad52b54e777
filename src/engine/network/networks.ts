import { createHash } from 'node:crypto';
import { PlimsollError } from '../../errors.ts';
import type { Database, Root, Row } from '../store/index.ts';
import { chooseSubnet } from './choose-subnet.ts';
import { type Cidr, formatCidr, formatIpv4, overlap, parseCidr } from './ipv4.ts';
import { bridgeName } from './names.ts';
import type { Network } from './types.ts';

/** A network with a bridge of its own: a row of table `networks`. */
export interface BridgeNetwork {
  readonly id: string;
  readonly name: string;
  readonly bridge: string;
  readonly subnet: string;
  /** Without prefix length; the bridge's own address. */
  readonly gateway: string;
  readonly created: number;
}

/** The name of the network that containers join when they name none. */
export const defaultNetwork = 'bridge';

/** All bridge networks of a root. */
export function bridgeNetworks(db: Database): BridgeNetwork[] {
  return db.all("SELECT * FROM networks WHERE driver = 'bridge' ORDER BY created, name").map(toBridgeNetwork);
}

/** A bridge network by name; the default one is recorded on first use. `taken` are subnets to keep away from. */
export function resolveBridgeNetwork(
  db: Database,
  root: Root,
  request: { name: string; taken: () => readonly Cidr[]; now: number },
): BridgeNetwork {
  const { name, taken, now } = request;
  return db.transaction(() => {
    const row = db.get("SELECT * FROM networks WHERE name = ? AND driver = 'bridge'", name);
    const known = row === undefined ? undefined : toBridgeNetwork(row);
    if (known !== undefined && (inUse(db, name) || stillFree(known, taken()))) return known;
    if (known === undefined && name !== defaultNetwork) throw networkNotFound(name);
    const subnet = chooseSubnet(taken(), Number.parseInt(root.id, 16));
    db.run(
      `INSERT INTO networks VALUES (?, ?, 'bridge', ?, ?, ?, ?, '{}')
       ON CONFLICT (name) DO UPDATE SET subnet = excluded.subnet, gateway = excluded.gateway`,
      name,
      networkId(root, name),
      known?.bridge ?? bridgeName(root),
      formatCidr(subnet),
      formatIpv4(subnet.base + 1),
      now,
    );
    return resolveBridgeNetwork(db, root, { name, taken: () => [], now });
  });
}

/** The networks that every engine has without a row: as users see them. */
export function fixedNetworks(root: Root): Network[] {
  return (['bridge', 'host', 'none'] as const).map(name => ({
    id: networkId(root, name),
    name,
    driver: name,
    created: 0,
    containers: {},
  }));
}

/** The error for a network that is not there. */
export function networkNotFound(name: string): PlimsollError {
  return new PlimsollError('not-found', `there is no network "${name}"`, {
    code: 'NETWORK_NOT_FOUND',
    hint: "use 'bridge', 'host' or 'none'",
    data: { network: name },
  });
}

function networkId(root: Root, name: string): string {
  return createHash('sha256').update(`${root.dataDir} ${name}`).digest('hex');
}

function inUse(db: Database, name: string): boolean {
  return db.get('SELECT 1 FROM addresses WHERE network = ?', name) !== undefined;
}

/** While nobody is on a network it gives way, if the host has got a route (a VPN, another root) to its subnet. */
function stillFree(network: BridgeNetwork, taken: readonly Cidr[]): boolean {
  const own = parseCidr(network.subnet);
  return own !== undefined && !taken.some(other => overlap(own, other));
}

function toBridgeNetwork(row: Row): BridgeNetwork {
  const text = (column: string) => String(row[column]);
  return {
    id: text('id'),
    name: text('name'),
    bridge: text('bridge'),
    subnet: text('subnet'),
    gateway: text('gateway'),
    created: Number(row.created),
  };
}
