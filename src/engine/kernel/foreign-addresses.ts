import { BlockList } from 'node:net';
import { networkInterfaces } from 'node:os';

/** How long what was seen of the interfaces holds. */
const staleMs = 1000;

/**
 * Tells which addresses of IPv4 (4 bytes) are somebody's elsewhere: not of the loopback, nor of this thread's network
 * namespace itself, nor in a subnet of a link there whose name begins with `bridges`: who is on it looks for those next door.
 */
export function foreignAddresses(bridges: string): (address: Uint8Array) => boolean {
  let near = nearAddresses(bridges);
  let seen = Date.now();
  return address => {
    if (Date.now() - seen > staleMs) [near, seen] = [nearAddresses(bridges), Date.now()];
    return !near.check(address.join('.'));
  };
}

function nearAddresses(bridges: string): BlockList {
  const near = new BlockList();
  near.addSubnet('127.0.0.0', 8);
  near.addSubnet('0.0.0.0', 8);
  for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
    for (const { family, address, cidr } of addresses) {
      if (family !== 'IPv4') continue;
      near.addAddress(address);
      if (name.startsWith(bridges) && cidr !== null) near.addSubnet(address, Number(cidr.split('/')[1]));
    }
  }
  return near;
}
