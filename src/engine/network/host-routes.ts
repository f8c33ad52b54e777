import { readFileSync } from 'node:fs';
import { type Cidr, parseCidr } from './ipv4.ts';
import { type Cidr6, parseCidr6 } from './ipv6.ts';

/**
 * Networks that the host has a route to, without default routes and without those over `ownBridge`: from
 * /proc/net/route (main table; addresses in host byte order, which is little-endian on all our platforms).
 */
export function hostRoutes(ownBridge: string, table: string = readRoutes()): Cidr[] {
  return rows(table).flatMap(([device = '', destination = '', , , , , , mask = '']) => {
    const prefix = bits(mask);
    const cidr = parseCidr(`${dotted(destination)}/${prefix}`);
    return device === ownBridge || prefix === 0 || cidr === undefined ? [] : [cidr];
  });
}

/**
 * The same of IPv6, from /proc/net/ipv6_route: link-local, multicast and default routes are no network of anybody.
 */
export function hostRoutes6(table: string = readRoutes6()): Cidr6[] {
  return table.split('\n').flatMap(line => {
    const [destination = '', length = ''] = line.trim().split(/\s+/);
    const prefix = Number.parseInt(length, 16);
    const cidr = parseCidr6(`${destination.match(/.{4}/g)?.join(':')}/${prefix}`);
    return cidr === undefined || prefix === 0 || /^f(e[89ab]|f)/.test(destination) ? [] : [cidr];
  });
}

/** The interface of the default route, if there is one. */
export function uplink(table: string = readRoutes()): string | undefined {
  return rows(table).find(
    ([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000',
  )?.[0];
}

function rows(table: string): string[][] {
  const lines = table.trim().split('\n').slice(1);
  return lines.map(line => line.trim().split(/\s+/));
}

function dotted(hex: string): string {
  return [6, 4, 2, 0].map(at => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');
}

function bits(hex: string): number {
  return (Number.parseInt(hex, 16).toString(2).match(/1/g) ?? []).length;
}

function readRoutes(): string {
  return readFileSync('/proc/net/route', 'latin1');
}

function readRoutes6(): string {
  try {
    return readFileSync('/proc/net/ipv6_route', 'latin1');
  } catch {
    return ''; // a kernel without IPv6
  }
}
