import { PlimsollError } from '../../errors.ts';
import { type Cidr, formatIpv4, parseCidr, parseIpv4, size } from './ipv4.ts';

/** The network that an address is for, and the addresses of it that are taken, the last one given at the end. */
interface Place {
  readonly network: string;
  readonly subnet: string;
  readonly gateway: string;
  /** The part of the subnet that addresses are given from. */
  readonly range?: string;
  readonly taken: readonly string[];
}

/**
 * The address after the one given last: an address is not re-used while clients may remember its last owner. Throws
 * `resource-exhausted` if the network is full.
 */
export function nextAddress(place: Place): string {
  const { first, usable } = window(subnetOf(place), place.range);
  const used = new Set([...place.taken, place.gateway].map(text => parseIpv4(text) ?? 0));
  const given = parseIpv4(place.taken.at(-1) ?? '') ?? 0;
  const last = given >= first && given < first + usable ? given : first - 1;
  for (let i = 1; i <= usable; i++) {
    const candidate = first + ((last - first + i) % usable);
    if (!used.has(candidate)) return formatIpv4(candidate);
  }
  throw new PlimsollError('resource-exhausted', `network "${place.network}" has no free address left`, {
    code: 'ADDRESSES_EXHAUSTED',
    hint: 'stop containers that are not needed',
  });
}

/** An address that the user chose. Throws `invalid-argument` (`ADDRESS_INVALID`). */
export function wantedAddress(text: string, place: Place): string {
  const { network, subnet, gateway } = place;
  const cidr = subnetOf(place);
  const address = parseIpv4(text);
  const isInside = address !== undefined && address > cidr.base && address < cidr.base + size(cidr) - 1;
  if (isInside && text !== gateway) return text;
  throw new PlimsollError('invalid-argument', `"${text}" is not a free address of network "${network}"`, {
    code: 'ADDRESS_INVALID',
    hint: `choose one of ${subnet}, other than its gateway ${gateway}`,
    data: { address: text, network, subnet },
  });
}

/** The error for an address of IPv4 on a network without. */
export function noIpv4(network: string): PlimsollError {
  return new PlimsollError('invalid-argument', `the network "${network}" has no IPv4`, {
    code: 'ADDRESS_INVALID',
    hint: 'choose an address of IPv6 (--ip6), or a network that has both',
    data: { network },
  });
}

/** The addresses that may be given: not the network's own, not the broadcast address. */
function window(subnet: Cidr, range: string | undefined): { first: number; usable: number } {
  const part = parseCidr(range ?? '') ?? subnet;
  const first = Math.max(part.base, subnet.base + 1);
  const end = Math.min(part.base + size(part), subnet.base + size(subnet) - 1);
  return { first, usable: end - first };
}

function subnetOf({ network, subnet }: Place): Cidr {
  const cidr = parseCidr(subnet);
  if (cidr === undefined) throw new TypeError(`network "${network}" has a malformed subnet "${subnet}"`);
  return cidr;
}
