import { PlimsollError } from '../../errors.ts';
import { shortSha256 } from '../../lib/short-sha256.ts';
import type { Database, Root, Row } from '../store/index.ts';
import { chooseSubnet } from './choose-subnet.ts';
import { type Cidr, formatCidr, formatIpv4, overlap, parseCidr } from './ipv4.ts';
import { type Cidr6, parseCidr6 } from './ipv6.ts';
import { bridgeName } from './names.ts';
import { parentNetworks } from './parent/parent-networks.ts';
import type { Network } from './types.ts';

/** A network with a bridge of its own: a row of table `networks`. */
export interface BridgeNetwork {
  readonly id: string;
  readonly name: string;
  readonly bridge: string;
  /** Of IPv4, if the network has it: both or none. */
  readonly subnet?: string;
  /** Without prefix length; the bridge's own address. */
  readonly gateway?: string;
  /** The same of IPv6; a network has one kind at least. */
  readonly subnet6?: string;
  readonly gateway6?: string;
  /** The part of the subnet that addresses are given from. */
  readonly range?: string;
  readonly created: number;
  /** Nothing enters or leaves it. */
  readonly internal: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** The name of the network that containers join when they name none. */
export const defaultNetwork = 'bridge';

/** The host's own address on a network at which its containers ask for names. */
export function nameServerOn({ gateway, gateway6 }: Pick<BridgeNetwork, 'gateway' | 'gateway6'>): string {
  return gateway ?? gateway6 ?? '';
}

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
    // Only the default one may move: of the others somebody may know the subnet.
    const stays = name !== defaultNetwork || inUse(db, name);
    if (known !== undefined && (stays || stillFree(known, taken()))) return known;
    if (known === undefined && name !== defaultNetwork) throw networkNotFound(name);
    const subnet = chooseSubnet([...taken(), ...subnetsOf(db, name)], Number.parseInt(root.id, 16));
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

/** Networks that somebody is on. */
export function usedNetworks(db: Database): BridgeNetwork[] {
  const used = new Set(db.all('SELECT DISTINCT network FROM addresses').map(row => String(row.network)));
  return bridgeNetworks(db).filter(({ name }) => used.has(name));
}

/** The networks that every engine has without a row: as users see them. */
export function fixedNetworks(root: Root): Network[] {
  return (['bridge', 'host', 'none'] as const).map(name => ({
    id: networkId(root, name),
    name,
    driver: name,
    created: 0,
    containers: {},
    internal: false,
    labels: {},
  }));
}

/** The error for a network that is not there. */
export function networkNotFound(name: string): PlimsollError {
  return new PlimsollError('not-found', `there is no network "${name}"`, {
    code: 'NETWORK_NOT_FOUND',
    hint: "'plimsoll network ls' lists them, 'plimsoll network create' makes one",
    data: { network: name },
  });
}

/** The id that a network of this name gets. */
export function networkId(root: Root, name: string): string {
  return shortSha256(`${root.dataDir} ${name}`);
}

/** Subnets of the root's other networks, also of those that are down. */
export function subnetsOf(db: Database, but: string): Cidr[] {
  const others = [...bridgeNetworks(db), ...parentNetworks(db)].filter(({ name }) => name !== but);
  return others.flatMap(({ subnet }) => parseCidr(subnet ?? '') ?? []);
}

/** The same of IPv6. */
export function subnets6Of(db: Database): Cidr6[] {
  return [...bridgeNetworks(db), ...parentNetworks(db)].flatMap(
    ({ subnet6 }) => parseCidr6(subnet6 ?? '') ?? [],
  );
}

function inUse(db: Database, name: string): boolean {
  return db.get('SELECT 1 FROM addresses WHERE network = ?', name) !== undefined;
}

/** While nobody is on a network it gives way, if the host has got a route (a VPN, another root) to its subnet. */
function stillFree(network: BridgeNetwork, taken: readonly Cidr[]): boolean {
  const own = parseCidr(network.subnet ?? '');
  return own !== undefined && !taken.some(other => overlap(own, other));
}

/** A network from its row. */
function toBridgeNetwork(row: Row): BridgeNetwork {
  const text = (column: string) => String(row[column]);
  return {
    id: text('id'),
    name: text('name'),
    bridge: text('bridge'),
    ...(row.subnet === null ? {} : { subnet: text('subnet'), gateway: text('gateway') }),
    created: Number(row.created),
    ...readOptions(text('options')),
  };
}

/** What column `options` holds, where it says anything. */
function readOptions(
  text: string,
): Pick<BridgeNetwork, 'internal' | 'labels' | 'subnet6' | 'gateway6' | 'range'> {
  const {
    internal = false,
    labels = {},
    subnet6,
    gateway6,
    range,
  } = JSON.parse(text) as Partial<BridgeNetwork>;
  return {
    internal,
    labels,
    ...(subnet6 && gateway6 ? { subnet6, gateway6 } : {}),
    ...(range ? { range } : {}),
  };
}
