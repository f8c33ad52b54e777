/** An IPv4 network: its first address as a number, and its prefix length. */
export interface Cidr {
  readonly base: number;
  readonly prefix: number;
}

/** The number of a dotted address, or undefined if it is not one. */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) {
    return undefined;
  }
  return parts.reduce((value, part) => value * 256 + Number(part), 0);
}

/** The dotted form of an address. */
export function formatIpv4(value: number): string {
  return [24, 16, 8, 0].map(shift => (value >>> shift) & 255).join('.');
}

/** A network from `a.b.c.d/n` (a lone address is a network of one), with host bits cleared; undefined if malformed. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', length = '32', ...rest] = text.split('/');
  const value = parseIpv4(address);
  const prefix = Number(length);
  if (value === undefined || rest.length > 0 || !/^\d{1,2}$/.test(length) || prefix > 32) return undefined;
  return { base: value - (value % size({ prefix })), prefix };
}

/** `a.b.c.d/n`. */
export function formatCidr({ base, prefix }: Cidr): string {
  return `${formatIpv4(base)}/${prefix}`;
}

/** How many addresses a network has. */
export function size({ prefix }: Pick<Cidr, 'prefix'>): number {
  return 2 ** (32 - prefix);
}

/** True if two networks share an address. */
export function overlap(a: Cidr, b: Cidr): boolean {
  return a.base < b.base + size(b) && b.base < a.base + size(a);
}
