import { PlimsollError } from '../../errors.ts';
import { type Database, isUniqueViolation, type Root } from '../store/index.ts';
import type { Cidr } from './ipv4.ts';
import type { Cidr6 } from './ipv6.ts';
import { bridgeName } from './names.ts';
import { networkId, subnets6Of, subnetsOf } from './networks.ts';
import { planParent } from './parent/create-parent-network.ts';
import { planIpv4 } from './plan-ipv4.ts';
import { planIpv6 } from './plan-ipv6.ts';
import type { NetworkRequest } from './types.ts';

/**
 * Records a network; its bridge, if it has one, comes with its first container. `taken` are the host's routes to keep
 * away from. Throws `conflict` (`NETWORK_EXISTS`, `SUBNET_IN_USE`), `invalid-argument`.
 */
export function createNetwork(
  db: Database,
  root: Root,
  request: NetworkRequest,
  { taken, taken6, now }: { taken: () => readonly Cidr[]; taken6: () => readonly Cidr6[]; now: number },
): void {
  const { name, driver = 'bridge', internal = false, labels = {} } = request;
  validateName(name);
  const { hasIpv4, hasIpv6 } = kindsOf(request);
  const onParent = driver === 'bridge' ? undefined : planParent(driver, request);
  db.transaction(() => {
    const isApart = onParent === undefined; // the network of a parent is one that the host has a route to
    const seed = Number.parseInt(root.id, 16) + db.all('SELECT name FROM networks').length;
    const others = () => [...(isApart ? taken() : []), ...subnetsOf(db, name)];
    const others6 = () => [...(isApart ? taken6() : []), ...subnets6Of(db)];
    const { subnet, gateway, ...ipv4 } = hasIpv4 ? planIpv4(request, { taken: others(), seed }) : noIpv4;
    const ipv6 = hasIpv6 ? planIpv6(request, root, others6()) : {};
    const bridge = isApart ? freeBridge(db, root) : null;
    const place = [driver, bridge, subnet, gateway, now] as const;
    try {
      const options = JSON.stringify({ internal, labels, ...ipv4, ...ipv6, ...onParent });
      const values = [name, networkId(root, name), ...place, options] as const;
      db.run('INSERT INTO networks VALUES (?, ?, ?, ?, ?, ?, ?, ?)', ...values);
    } catch (error) {
      throw isUniqueViolation(error) ? networkExists(name) : error;
    }
  });
}

const noIpv4 = { subnet: null, gateway: null };

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

/** The kinds of IP that a network is to have: one at least, in docker's words. */
function kindsOf({ ipv4 = true, ipv6 = false, subnet6, ...request }: NetworkRequest): {
  hasIpv4: boolean;
  hasIpv6: boolean;
} {
  const hasIpv6 = ipv6 || subnet6 !== undefined;
  if (!ipv4 && !hasIpv6) {
    throw new PlimsollError('invalid-argument', 'IPv4 or IPv6 must be enabled', {
      code: 'NETWORK_WITHOUT_IP',
      hint: 'add --ipv6 for a network of IPv6 alone',
    });
  }
  const { subnet, gateway, range } = request;
  const ofIpv4 = subnet ?? gateway ?? range;
  if (ipv4 || ofIpv4 === undefined) return { hasIpv4: ipv4, hasIpv6 };
  throw new PlimsollError('invalid-argument', `"${ofIpv4}" is of IPv4, which the network is not to have`, {
    code: 'NETWORK_WITHOUT_IPV4',
    hint: 'leave it out, or leave IPv4 on',
    data: { given: ofIpv4 },
  });
}

function networkExists(name: string): PlimsollError {
  return new PlimsollError('conflict', `network with name ${name} already exists`, {
    code: 'NETWORK_EXISTS',
    hint: 'choose another name',
    data: { name },
  });
}

/** The default network has the root's plain bridge; the others count up. */
function freeBridge(db: Database, root: Root): string {
  const taken = new Set(db.all('SELECT bridge FROM networks').map(row => String(row.bridge)));
  for (let i = 1; ; i++) if (!taken.has(bridgeName(root, i))) return bridgeName(root, i);
}
