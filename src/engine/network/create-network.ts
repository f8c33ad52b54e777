import { PlimsollError } from '../../errors.ts';
import { type Database, isUniqueViolation, type Root } from '../store/index.ts';
import { chooseSubnet } from './choose-subnet.ts';
import { type Cidr, formatCidr, formatIpv4, overlap, parseCidr, parseIpv4, size } from './ipv4.ts';
import type { Cidr6 } from './ipv6.ts';
import { bridgeName } from './names.ts';
import { networkId, subnets6Of, subnetsOf } from './networks.ts';
import { planParent, planRange } from './parent/create-parent-network.ts';
import { planIpv6 } from './plan-ipv6.ts';
import type { NetworkRequest } from './types.ts';

/**
 * Records a network; its bridge, if it has one, comes with its first container. `taken` are the host's routes to keep away from. Throws
 * `conflict` (`NETWORK_EXISTS`, `SUBNET_IN_USE`), `invalid-argument`.
 */
export function createNetwork(
  db: Database,
  root: Root,
  request: NetworkRequest,
  { taken, taken6, now }: { taken: () => readonly Cidr[]; taken6: () => readonly Cidr6[]; now: number },
): void {
  const { name, driver = 'bridge', internal = false, labels = {} } = request;
  validateName(name);
  const onParent = driver === 'bridge' ? undefined : planParent(driver, request);
  db.transaction(() => {
    // The network of a parent is one that the host has a route to.
    const others = [...(onParent === undefined ? taken() : []), ...subnetsOf(db, name)];
    const subnet =
      request.subnet === undefined
        ? chooseSubnet(others, Number.parseInt(root.id, 16) + db.all('SELECT name FROM networks').length)
        : wantedSubnet(request.subnet, others);
    const gateway =
      request.gateway === undefined ? formatIpv4(subnet.base + 1) : wantedGateway(request.gateway, subnet);
    const ipv6 =
      request.ipv6 || request.subnet6 !== undefined
        ? planIpv6(request, root, [...(onParent === undefined ? taken6() : []), ...subnets6Of(db)])
        : {};
    const range = planRange(request.range, subnet);
    const bridge = onParent === undefined ? freeBridge(db, root) : null;
    const place = [driver, bridge, formatCidr(subnet), gateway, now] as const;
    try {
      const options = JSON.stringify({ internal, labels, ...ipv6, ...range, ...onParent });
      const values = [name, networkId(root, name), ...place, options] as const;
      db.run('INSERT INTO networks VALUES (?, ?, ?, ?, ?, ?, ?, ?)', ...values);
    } catch (error) {
      throw isUniqueViolation(error) ? networkExists(name) : error;
    }
  });
}

/** Docker's rule for names; those of the built-in networks and modes are taken. */
function validateName(name: string): void {
  if (['bridge', 'host', 'none', 'default', 'container'].includes(name)) throw networkExists(name);
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/.test(name)) return;
  throw new PlimsollError('invalid-argument', `"${name}" is not a name for a network`, {
    code: 'NETWORK_NAME_INVALID',
    hint: 'begin with a letter or digit, and go on with letters, digits, "_", "." or "-"',
    data: { name },
  });
}

function networkExists(name: string): PlimsollError {
  return new PlimsollError('conflict', `there is a network "${name}" already`, {
    code: 'NETWORK_EXISTS',
    hint: 'choose another name',
    data: { name },
  });
}

function wantedSubnet(text: string, others: readonly Cidr[]): Cidr {
  const subnet = text.includes('/') ? parseCidr(text) : undefined;
  if (subnet === undefined || subnet.prefix < 8 || subnet.prefix > 29) {
    throw new PlimsollError('invalid-argument', `"${text}" is not a subnet for a network`, {
      code: 'SUBNET_INVALID',
      hint: 'write it as 10.20.0.0/24, with a length between 8 and 29',
      data: { subnet: text },
    });
  }
  const other = others.find(each => overlap(each, subnet));
  if (other === undefined) return subnet;
  throw new PlimsollError('conflict', `the subnet ${text} overlaps ${formatCidr(other)}, which is in use`, {
    code: 'SUBNET_IN_USE',
    hint: "choose another, or leave it to plimsoll; 'ip route' shows the host's",
    data: { subnet: text, other: formatCidr(other) },
  });
}

function wantedGateway(text: string, subnet: Cidr): string {
  const address = parseIpv4(text);
  const last = subnet.base + size(subnet) - 1;
  if (address !== undefined && address > subnet.base && address < last) return text;
  throw new PlimsollError(
    'invalid-argument',
    `the gateway "${text}" is not in the subnet ${formatCidr(subnet)}`,
    {
      code: 'GATEWAY_INVALID',
      hint: 'choose an address of the subnet, or leave it to plimsoll',
      data: { gateway: text },
    },
  );
}

/** The default network has the root's plain bridge; the others count up. */
function freeBridge(db: Database, root: Root): string {
  const taken = new Set(db.all('SELECT bridge FROM networks').map(row => String(row.bridge)));
  for (let i = 1; ; i++) if (!taken.has(bridgeName(root, i))) return bridgeName(root, i);
}
