import { PlimsollError } from '../../errors.ts';
import { shortSha256 } from '../../lib/short-sha256.ts';
import { type Cidr6, overlap6 } from './ipv6.ts';

/** One link; stateless configuration wants this length too. */
const prefix = 64;

/**
 * A network of unique local addresses (RFC 4193) that overlaps none of `taken`: the root's own 40 bits below fd00::/8,
 * so that no two roots of an organisation choose alike, and the first free subnet of them.
 */
export function chooseSubnet6(rootId: string, taken: readonly Cidr6[]): Cidr6 {
  const global = BigInt(`0x${shortSha256(rootId).slice(0, 10)}`);
  const site = (0xfdn << 120n) | (global << 80n);
  for (let i = 0n; i < 0x10000n; i++) {
    const candidate = { base: site | (i << 64n), prefix };
    if (!taken.some(other => overlap6(candidate, other))) return candidate;
  }
  throw new PlimsollError('resource-exhausted', "none of the root's IPv6 subnets is free", {
    code: 'SUBNETS_EXHAUSTED',
    hint: "look with 'ip -6 route' for routes that cover them, or choose one by --subnet",
  });
}
