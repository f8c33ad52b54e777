import { PlimsollError } from '../../errors.ts';
import { type Cidr6, formatIpv6, parseCidr6, parseIpv6, size6 } from './ipv6.ts';

/** The network that an address is for, and the addresses of it that are taken, the last one given at the end. */
interface Place6 {
  readonly network: string;
  readonly subnet6: string;
  readonly gateway6: string;
  readonly taken: readonly string[];
}

/** The address after the one given last, as with IPv4. Throws `resource-exhausted` if the network is full. */
export function nextAddress6(place: Place6): string {
  const subnet = subnetOf(place);
  const usable = size6(subnet) - 1n; // the first is the routers' (RFC 4291, 2.6.1)
  const used = new Set([...place.taken, place.gateway6].map(text => parseIpv6(text) ?? 0n));
  const first = subnet.base + 1n;
  const last = parseIpv6(place.taken.at(-1) ?? '') ?? first - 1n;
  for (let i = 1n; i <= usable && i <= BigInt(used.size + 1); i++) {
    const candidate = first + ((last - first + i) % usable);
    if (!used.has(candidate)) return formatIpv6(candidate);
  }
  throw new PlimsollError('resource-exhausted', `network "${place.network}" has no free IPv6 address left`, {
    code: 'ADDRESSES_EXHAUSTED',
    hint: 'stop containers that are not needed',
  });
}

/** An address that the user chose, in its usual form. Throws `invalid-argument` (`ADDRESS_INVALID`). */
export function wantedAddress6(text: string, place: Place6): string {
  const subnet = subnetOf(place);
  const address = parseIpv6(text);
  const isInside = address !== undefined && address > subnet.base && address < subnet.base + size6(subnet);
  if (isInside && formatIpv6(address) !== place.gateway6) return formatIpv6(address);
  throw new PlimsollError(
    'invalid-argument',
    `"${text}" is not a free address of network "${place.network}"`,
    {
      code: 'ADDRESS_INVALID',
      hint: `choose one of ${place.subnet6}, other than its gateway ${place.gateway6}`,
      data: { address: text, network: place.network, subnet: place.subnet6 },
    },
  );
}

/** The error for an address of IPv6 on a network without. */
export function noIpv6(network: string): PlimsollError {
  return new PlimsollError('invalid-argument', `the network "${network}" has no IPv6`, {
    code: 'ADDRESS_INVALID',
    hint: "use one that has: 'plimsoll network create --ipv6 NAME'",
    data: { network },
  });
}

function subnetOf({ network, subnet6 }: Place6): Cidr6 {
  const cidr = parseCidr6(subnet6);
  if (cidr === undefined) throw new TypeError(`network "${network}" has a malformed subnet "${subnet6}"`);
  return cidr;
}
