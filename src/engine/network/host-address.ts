import { formatIpv6, isAddress6, parseIpv6 } from './ipv6.ts';
import type { PublishedPort } from './types.ts';

/**
 * A port by one address of the host after the other: the empty one stands for every IPv4 address, and every IPv6 one if
 * the network has that. As docker's: a process leads IPv4 clients into a network of IPv6 alone, for what it can carry.
 */
export function perAddress(
  port: PublishedPort,
  { subnet, subnet6 }: { readonly subnet?: string; readonly subnet6?: string },
): PublishedPort[] {
  const { hostAddress, protocol } = port;
  if (hostAddress === '') {
    const isReached = subnet !== undefined || subnet6 === undefined || protocol !== 'sctp';
    const addresses = [...(isReached ? ['0.0.0.0'] : []), ...(subnet6 === undefined ? [] : ['::'])];
    return addresses.map(address => ({ ...port, hostAddress: address }));
  }
  if (!isAddress6(hostAddress)) return [port];
  return [{ ...port, hostAddress: formatIpv6(parseIpv6(hostAddress) ?? 0n) }];
}

/** True if a port on one of the addresses would take it on the other. */
export function sharesAddress(one: string, other: string): boolean {
  if (one === other || one === '' || other === '') return true;
  if (isAddress6(one) !== isAddress6(other)) return false;
  return [one, other].includes(isAddress6(one) ? '::' : '0.0.0.0');
}

/**
 * True for a port that the kernel leads to a container: from an address of the host only to one of the same kind, and
 * never from the host's own ::1.
 */
export function isLedByKernel(
  { hostAddress }: Pick<PublishedPort, 'hostAddress'>,
  { address, address6 }: { readonly address?: string; readonly address6?: string },
): boolean {
  return isAddress6(hostAddress) ? address6 !== undefined && hostAddress !== '::1' : address !== undefined;
}
