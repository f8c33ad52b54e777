import { PlimsollError } from '../../errors.ts';
import { type Cidr, overlap, size } from './ipv4.ts';

/** Where bridges get their networks: 10.88.0.0 to 10.127.255.255, apart from what Docker and most clouds use. */
const pool = { first: 0x0a58_0000, end: 0x0a80_0000 };
/** 4093 containers on one bridge. */
const prefix = 20;

/**
 * A network for a bridge that overlaps none of `taken`. `seed` decides where the search begins, so that two roots
 * which choose at the same moment choose apart.
 */
export function chooseSubnet(taken: readonly Cidr[], seed: number): Cidr {
  const step = size({ prefix });
  const count = (pool.end - pool.first) / step;
  for (let i = 0; i < count; i++) {
    const candidate = { base: pool.first + ((seed + i) % count) * step, prefix };
    if (!taken.some(other => overlap(candidate, other))) return candidate;
  }
  throw new PlimsollError(
    'resource-exhausted',
    'no free subnet is left between 10.88.0.0 and 10.127.255.255',
    {
      code: 'SUBNETS_EXHAUSTED',
      hint: "look with 'ip route' for routes that cover these addresses",
    },
  );
}
