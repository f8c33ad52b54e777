import { isIPv6 } from 'node:net';

/** An IPv6 network: its first address as a number, and its prefix length. */
export interface Cidr6 {
  readonly base: bigint;
  readonly prefix: number;
}

/**
 * Whether what is known to be an address is an IPv6 one. Of an IPv4 address `net.isIPv6` says so only after it has
 * compiled its regular expression, 4 ms in each short command.
 */
export function isAddress6(address: string): boolean {
  return address.includes(':');
}

/** The number of an address in any of its forms (without a zone), or undefined if it is not one. */
export function parseIpv6(text: string): bigint | undefined {
  if (!isAddress6(text) || !isIPv6(text) || text.includes('%')) return undefined;
  const [head = '', tail] = text.split('::');
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const all = [...before, ...Array<number>(zeros).fill(0), ...after];
  return all.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

/** The form that RFC 5952 recommends: lower case, the longest run of zeros as `::`. */
export function formatIpv6(value: bigint): string {
  const all = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - 16 * i)) & 0xffffn));
  const runs = all.map((_, from) => {
    const end = all.findIndex((group, i) => i >= from && group !== 0);
    return (end === -1 ? 8 : end) - from;
  });
  const longest = Math.max(...runs);
  const words = (part: readonly number[]) => part.map(group => group.toString(16)).join(':');
  if (longest < 2) return words(all);
  const from = runs.indexOf(longest);
  return `${words(all.slice(0, from))}::${words(all.slice(from + longest))}`;
}

/** A network from `address/length`, with host bits cleared; undefined if malformed. */
export function parseCidr6(text: string): Cidr6 | undefined {
  const [address = '', length = '128', ...rest] = text.split('/');
  const value = parseIpv6(address);
  const prefix = Number(length);
  if (value === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length) || prefix > 128) return undefined;
  return { base: value - (value % size6({ prefix })), prefix };
}

/** `address/length`. */
export function formatCidr6({ base, prefix }: Cidr6): string {
  return `${formatIpv6(base)}/${prefix}`;
}

/** How many addresses a network has. */
export function size6({ prefix }: Pick<Cidr6, 'prefix'>): bigint {
  return 1n << BigInt(128 - prefix);
}

/** True if two networks share an address. */
export function overlap6(a: Cidr6, b: Cidr6): boolean {
  return a.base < b.base + size6(b) && b.base < a.base + size6(a);
}

/** The numbers between the colons; the last may be an IPv4 address, which is two of them. */
function groups(text: string): number[] {
  return text.split(':').flatMap(word => {
    if (word === '') return [];
    const bytes = word.split('.').map(Number);
    if (bytes.length === 1) return [Number.parseInt(word, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = bytes;
    return [(a << 8) | b, (c << 8) | d];
  });
}
