import { PlimsollError } from '../../errors.ts';
import { type Cidr, overlap, parseCidr, size } from './ipv4.ts';

/**
 * Where bridges get their networks: first 10.88.0.0 to 10.127.255.255, apart from what Docker and most clouds use, for
 * 4093 containers each. A VPN that takes all of 10.0.0.0/8 leaves the others.
 */
const pools = [
  { cidr: '10.88.0.0/13', prefix: 20 },
  { cidr: '10.96.0.0/11', prefix: 20 },
  { cidr: '172.16.0.0/12', prefix: 20 },
  { cidr: '192.168.0.0/16', prefix: 24 },
];

const candidates = pools.map(({ cidr, prefix }) => {
  const base = parseCidr(cidr)?.base ?? 0;
  const count = 2 ** (prefix - Number(cidr.split('/')[1]));
  return { count, at: (i: number): Cidr => ({ base: base + (i % count) * size({ prefix }), prefix }) };
});

/**
 * A network for a bridge that overlaps none of `taken`. `seed` decides where the search begins in each pool, so that
 * two roots which choose at the same moment choose apart.
 */
export function chooseSubnet(taken: readonly Cidr[], seed: number): Cidr {
  for (const { count, at } of candidates) {
    for (let i = 0; i < count; i++) {
      const candidate = at(seed + i);
      if (!taken.some(other => overlap(candidate, other))) return candidate;
    }
  }
  throw new PlimsollError(
    'resource-exhausted',
    'no free subnet is left in 10.88.0.0 to 10.127.255.255, 172.16.0.0/12 and 192.168.0.0/16',
    {
      code: 'SUBNETS_EXHAUSTED',
      hint: "look with 'ip route' for routes that cover these addresses, or choose a subnet by --subnet",
    },
  );
}
