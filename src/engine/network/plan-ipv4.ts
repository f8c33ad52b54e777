import { PlimsollError } from '../../errors.ts';
import { chooseSubnet } from './choose-subnet.ts';
import { type Cidr, formatCidr, formatIpv4, overlap, parseCidr, parseIpv4, size } from './ipv4.ts';
import type { NetworkRequest } from './types.ts';

/**
 * The IPv4 side of a network to make: as asked for, else chosen apart from `taken`, beginning at `seed`. Throws
 * `conflict` (`SUBNET_IN_USE`), `invalid-argument`.
 */
export function planIpv4(
  request: Pick<NetworkRequest, 'subnet' | 'gateway' | 'range'>,
  { taken, seed }: { readonly taken: readonly Cidr[]; readonly seed: number },
): { subnet: string; gateway: string; range?: string } {
  const subnet =
    request.subnet === undefined ? chooseSubnet(taken, seed) : wantedSubnet(request.subnet, taken);
  const gateway =
    request.gateway === undefined ? formatIpv4(subnet.base + 1) : wantedGateway(request.gateway, subnet);
  const range = request.range === undefined ? {} : { range: wantedRange(request.range, subnet) };
  return { subnet: formatCidr(subnet), gateway, ...range };
}

function wantedSubnet(text: string, taken: readonly Cidr[]): Cidr {
  const subnet = text.includes('/') ? parseCidr(text) : undefined;
  if (subnet === undefined || subnet.prefix < 8 || subnet.prefix > 29) {
    throw new PlimsollError('invalid-argument', `"${text}" is not a subnet for a network`, {
      code: 'SUBNET_INVALID',
      hint: 'write it as 10.20.0.0/24, with a length between 8 and 29',
      data: { subnet: text },
    });
  }
  const other = taken.find(each => overlap(each, subnet));
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

/** The part of a subnet that addresses are given from. */
function wantedRange(text: string, subnet: Cidr): string {
  const range = text.includes('/') ? parseCidr(text) : undefined;
  const isInside =
    range !== undefined &&
    range.base >= subnet.base &&
    range.base + size(range) <= subnet.base + size(subnet);
  if (isInside) return formatCidr(range);
  throw new PlimsollError('invalid-argument', `"${text}" is not a part of the subnet ${formatCidr(subnet)}`, {
    code: 'RANGE_INVALID',
    hint: 'write it as 10.20.0.128/25',
    data: { range: text },
  });
}
