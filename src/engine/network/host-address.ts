import { formatIpv6, isAddress6, parseIpv6 } from './ipv6.ts';
import type { PublishedPort } from './types.ts';

/**
 * A port by one address of the host after the other: the empty one stands for every address of each kind that the
 * network has, as docker's.
 */
export function perAddress(port: PublishedPort, network: { readonly subnet6?: string }): PublishedPort[] {
  const { hostAddress } = port;
  if (hostAddress === '') {
    const addresses = network.subnet6 === undefined ? ['0.0.0.0'] : ['0.0.0.0', '::'];
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
 * True for a port that the kernel leads to a container: the host's own ::1 it does not lead away, and an address of
 * IPv6 only to one of the same kind.
 */
export function isLedByKernel(
  { hostAddress }: Pick<PublishedPort, 'hostAddress'>,
  { address6 }: { readonly address6?: string },
): boolean {
  return !isAddress6(hostAddress) || (address6 !== undefined && hostAddress !== '::1');
}
