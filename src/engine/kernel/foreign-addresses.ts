import { BlockList, type IPVersion } from 'node:net';
import { networkInterfaces } from 'node:os';

/** How long what was seen of the interfaces holds. */
const staleMs = 1000;

/**
 * Tells which addresses (4 or 16 bytes) of these kinds are somebody's elsewhere: not of the loopback or one link alone, nor
 * of this thread's network namespace itself, nor in a subnet of a link there whose name begins with `bridges`: who is on it
 * looks for those next door.
 */
export function foreignAddresses(
  bridges: string,
  kinds: readonly IPVersion[],
): (address: Uint8Array) => boolean {
  let near = nearAddresses(bridges);
  let seen = Date.now();
  return address => {
    const kind = address.length === 16 ? 'ipv6' : 'ipv4';
    if (!kinds.includes(kind)) return false;
    if (Date.now() - seen > staleMs) [near, seen] = [nearAddresses(bridges), Date.now()];
    return !near.check(written(address), kind);
  };
}

function nearAddresses(bridges: string): BlockList {
  const near = new BlockList();
  near.addSubnet('127.0.0.0', 8);
  near.addSubnet('0.0.0.0', 8);
  near.addSubnet('::', 127, 'ipv6');
  near.addSubnet('fe80::', 10, 'ipv6');
  for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
    for (const { family, address, cidr } of addresses) {
      const kind = family === 'IPv6' ? 'ipv6' : 'ipv4';
      near.addAddress(address, kind);
      if (name.startsWith(bridges) && cidr !== null)
        near.addSubnet(address, Number(cidr.split('/')[1]), kind);
    }
  }
  return near;
}

function written(address: Uint8Array): string {
  if (address.length === 4) return address.join('.');
  return Array.from({ length: 8 }, (_, i) =>
    (((address[2 * i] ?? 0) << 8) | (address[2 * i + 1] ?? 0)).toString(16),
  ).join(':');
}
