import { existsSync } from 'node:fs';
import { PlimsollError } from '../../errors.ts';
import type { Root } from '../store/index.ts';
import { chooseSubnet6 } from './choose-subnet6.ts';
import { type Cidr6, formatCidr6, formatIpv6, overlap6, parseCidr6, parseIpv6, size6 } from './ipv6.ts';
import type { NetworkRequest } from './types.ts';

/**
 * The IPv6 side of a network to make: as asked for, else chosen apart from `taken`. Throws `not-implemented`
 * (`IPV6_MISSING`) on a host without IPv6, `conflict` (`SUBNET_IN_USE`), `invalid-argument`.
 */
export function planIpv6(
  request: Pick<NetworkRequest, 'subnet6' | 'gateway6'>,
  root: Pick<Root, 'id'>,
  taken: readonly Cidr6[],
): { subnet6: string; gateway6: string } {
  if (!hasIpv6()) {
    throw new PlimsollError('not-implemented', 'this host has no IPv6', {
      code: 'IPV6_MISSING',
      hint: 'leave IPv6 out, or start the kernel without ipv6.disable=1',
    });
  }
  const subnet =
    request.subnet6 === undefined ? chooseSubnet6(root.id, taken) : wantedSubnet(request.subnet6, taken);
  const gateway6 =
    request.gateway6 === undefined ? formatIpv6(subnet.base + 1n) : wantedGateway(request.gateway6, subnet);
  return { subnet6: formatCidr6(subnet), gateway6 };
}

/** True on a kernel that speaks IPv6. */
export function hasIpv6(): boolean {
  return existsSync('/proc/net/if_inet6');
}

function wantedSubnet(text: string, taken: readonly Cidr6[]): Cidr6 {
  const subnet = text.includes('/') ? parseCidr6(text) : undefined;
  if (subnet === undefined || subnet.prefix < 16 || subnet.prefix > 125) {
    throw new PlimsollError('invalid-argument', `"${text}" is not an IPv6 subnet for a network`, {
      code: 'SUBNET_INVALID',
      hint: 'write it as fd12:3456:789a::/64, with a length between 16 and 125',
      data: { subnet: text },
    });
  }
  const other = taken.find(each => overlap6(each, subnet));
  if (other === undefined) return subnet;
  throw new PlimsollError('conflict', `the subnet ${text} overlaps ${formatCidr6(other)}, which is in use`, {
    code: 'SUBNET_IN_USE',
    hint: "choose another, or leave it to plimsoll; 'ip -6 route' shows the host's",
    data: { subnet: text, other: formatCidr6(other) },
  });
}

function wantedGateway(text: string, subnet: Cidr6): string {
  const address = parseIpv6(text);
  if (address !== undefined && address > subnet.base && address < subnet.base + size6(subnet)) {
    return formatIpv6(address);
  }
  throw new PlimsollError(
    'invalid-argument',
    `the gateway "${text}" is not in the subnet ${formatCidr6(subnet)}`,
    {
      code: 'GATEWAY_INVALID',
      hint: 'choose an address of the subnet, or leave it to plimsoll',
      data: { gateway: text },
    },
  );
}
