import { isIPv6 } from 'node:net';
import { PlimsollError } from '../../errors.ts';
import { formatIpv6, parseIpv6 } from './ipv6.ts';
import type { PublishedPort } from './types.ts';

/**
 * A port by one address of the host after the other: the empty one stands for every address of each kind that the
 * network has, as docker's. Throws `invalid-argument` (`PORT_INVALID`) for an IPv6 address that leads nowhere there.
 */
export function perAddress(
  port: PublishedPort,
  network: { readonly name: string; readonly subnet6?: string },
): PublishedPort[] {
  const { hostAddress } = port;
  if (hostAddress === '') {
    const addresses = network.subnet6 === undefined ? ['0.0.0.0'] : ['0.0.0.0', '::'];
    return addresses.map(address => ({ ...port, hostAddress: address }));
  }
  if (!isIPv6(hostAddress)) return [port];
  const plain = formatIpv6(parseIpv6(hostAddress) ?? 0n);
  if (network.subnet6 === undefined) {
    throw invalid(
      `cannot publish on "${plain}": the network "${network.name}" has no IPv6`,
      "use one that has: 'plimsoll network create --ipv6 NAME'; or publish on an IPv4 address",
    );
  }
  if (plain === '::1') {
    throw invalid(
      'cannot publish on "::1": the kernel does not lead it to a container',
      'publish on 127.0.0.1 for this host alone; whoever asks for localhost gets there too',
    );
  }
  return [{ ...port, hostAddress: plain }];
}

/** True if a port on one of the addresses would take it on the other. */
export function sharesAddress(one: string, other: string): boolean {
  if (one === other || one === '' || other === '') return true;
  if (isIPv6(one) !== isIPv6(other)) return false;
  return [one, other].includes(isIPv6(one) ? '::' : '0.0.0.0');
}

function invalid(message: string, hint: string): PlimsollError {
  return new PlimsollError('invalid-argument', message, { code: 'PORT_INVALID', hint });
}
