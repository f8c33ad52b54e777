import { isIPv4, isIPv6 } from 'node:net';
import { PlimsollError } from '../../errors.ts';
import { type Database, isUniqueViolation, type Row } from '../store/index.ts';
import { nextAddress6, noIpv6, wantedAddress6 } from './choose-address6.ts';
import { sharesAddress } from './host-address.ts';
import { type Cidr, formatIpv4, parseCidr, parseIpv4, size } from './ipv4.ts';
import { macOf } from './names.ts';
import type { PublishedPort } from './types.ts';

/** A container's place in a network, as the database has it. */
export interface Booking {
  readonly container: string;
  readonly network: string;
  /** Without prefix length. */
  readonly address: string;
  /** If the network has IPv6. */
  readonly address6?: string;
  readonly mac: string;
  /** Of the container: `eth0` for the network that it was started on, which its published ports lead to. */
  readonly interface: string;
  readonly ports: readonly PublishedPort[];
}

/** What to book; without an address the next free one, without a MAC the one that follows from the address. */
export interface BookingRequest {
  readonly container: string;
  readonly network: string;
  readonly subnet: string;
  readonly gateway: string;
  /** The part of the subnet that addresses are given from. */
  readonly range?: string;
  readonly subnet6?: string;
  readonly gateway6?: string;
  readonly ports: readonly PublishedPort[];
  readonly address?: string;
  readonly address6?: string;
  readonly mac?: string;
}

/**
 * Books an address and the ports for a container, in one transaction. Throws `conflict` (`PORT_IN_USE`,
 * `ADDRESS_IN_USE`) if a container of this root has one of them, `resource-exhausted` if the network is full.
 */
export function book(db: Database, request: BookingRequest): Booking {
  const { container, network, ports } = request;
  return db.transaction(() => {
    const address =
      request.address === undefined
        ? nextAddress(db, network, request)
        : wantedAddress(db, request.address, request);
    const address6 = chooseAddress6(db, request);
    const mac = request.mac ?? macOf(address);
    const taken = bookingsOf(db, container).map(booking => booking.interface);
    const name = freeInterface(taken);
    const values = [network, formatIpv4(address), container, mac, name, address6 ?? null] as const;
    db.run('INSERT INTO addresses VALUES (?, ?, ?, ?, ?, ?)', ...values);
    for (const port of ports) bookPort(db, container, port);
    const own = { address: formatIpv4(address), ...(address6 === undefined ? {} : { address6 }) };
    return { container, network, ...own, mac, interface: name, ports };
  });
}

/** What a container has booked, the network that it was started on first. */
export function bookingsOf(db: Database, container: string): Booking[] {
  const rows = db.all('SELECT * FROM addresses WHERE container = ? ORDER BY interface', container);
  return rows.map(row => toBooking(db, row));
}

/** All bookings, of one network or all. */
export function bookings(db: Database, network?: string): Booking[] {
  const rows =
    network === undefined
      ? db.all('SELECT * FROM addresses ORDER BY container')
      : db.all('SELECT * FROM addresses WHERE network = ? ORDER BY container', network);
  return rows.map(row => toBooking(db, row));
}

/** Takes a container's bookings away. Returns whether there were any. */
export function unbook(db: Database, container: string): boolean {
  return db.transaction(() => {
    const ports = db.run('DELETE FROM ports WHERE container = ?', container).changes;
    return db.run('DELETE FROM addresses WHERE container = ?', container).changes + ports > 0;
  });
}

/** Takes away one of them, with the ports if they lead to it. */
export function unbookOne(db: Database, booking: Booking): void {
  const { container, network } = booking;
  db.transaction(() => {
    if (booking.ports.length > 0) db.run('DELETE FROM ports WHERE container = ?', container);
    db.run('DELETE FROM addresses WHERE container = ? AND network = ?', container, network);
  });
}

/** True while any container has a place on any bridge. */
export function anyBooked(db: Database): boolean {
  const query = "SELECT 1 FROM addresses JOIN networks ON name = network WHERE driver = 'bridge' LIMIT 1";
  return db.get(query) !== undefined;
}

/** Host ports of a protocol that are booked, at any address. */
export function bookedPorts(db: Database, protocol: string): Set<number> {
  return new Set(
    db.all('SELECT host_port FROM ports WHERE protocol = ?', protocol).map(row => Number(row.host_port)),
  );
}

/** Throws `invalid-argument` (`PORT_INVALID`) for a port that cannot be published. */
export function validatePort(port: PublishedPort): void {
  const { hostAddress, hostPort, containerPort, lastHostPort = hostPort } = port;
  const inRange = (value: number, least: number) =>
    Number.isInteger(value) && value >= least && value <= 65_535;
  if (hostAddress !== '' && !isIPv4(hostAddress) && !isIPv6(hostAddress)) {
    throw new PlimsollError('invalid-argument', `"${hostAddress}" is not an address of this host`, {
      code: 'PORT_INVALID',
      hint: 'publish on 127.0.0.1, another address that the host has, or none for all of them',
    });
  }
  if (!inRange(hostPort, 0) || !inRange(lastHostPort, hostPort) || !inRange(containerPort, 1)) {
    throw new PlimsollError('invalid-argument', `"${hostPort}:${containerPort}" is not a pair of ports`, {
      code: 'PORT_INVALID',
      hint: 'ports are 1 to 65535; host port 0 means any free one',
    });
  }
}

/** A protocol from its name. */
export function protocolOf(name: string): PublishedPort['protocol'] {
  return name === 'udp' || name === 'sctp' ? name : 'tcp';
}

/** The error for a host port that somebody has. */
export function portInUse(port: PublishedPort, owner: string): PlimsollError {
  return new PlimsollError('conflict', `port ${port.hostPort}/${port.protocol} is in use by ${owner}`, {
    code: 'PORT_IN_USE',
    hint: 'publish another port, or stop what uses this one',
    data: { port: port.hostPort, protocol: port.protocol, hostAddress: port.hostAddress, owner },
  });
}

function bookPort(db: Database, container: string, port: PublishedPort): void {
  const clash = db
    .all(
      'SELECT container, host_address FROM ports WHERE protocol = ? AND host_port = ?',
      port.protocol,
      port.hostPort,
    )
    .find(row => sharesAddress(String(row.host_address), port.hostAddress));
  if (clash !== undefined) throw portInUse(port, containerOwner(db, String(clash.container)));
  try {
    const { protocol, hostAddress, hostPort, containerPort } = port;
    db.run(
      'INSERT INTO ports VALUES (?, ?, ?, ?, ?)',
      protocol,
      hostAddress,
      hostPort,
      container,
      containerPort,
    );
  } catch (error) {
    throw isUniqueViolation(error) ? portInUse(port, 'another container') : error;
  }
}

function containerOwner(db: Database, id: string): string {
  const name = db.get('SELECT name FROM containers WHERE id = ?', id)?.name;
  return `container "${name === undefined ? id.slice(0, 12) : String(name)}"`;
}

/** The address after the one given last: an address is not re-used while clients may remember its last owner. */
function nextAddress(db: Database, network: string, { subnet, gateway, range }: BookingRequest): number {
  const { first, usable } = window(subnetOf(network, subnet), range);
  const rows = db.all('SELECT address FROM addresses WHERE network = ? ORDER BY rowid', network);
  const used = new Set([...rows.map(row => String(row.address)), gateway].map(text => parseIpv4(text) ?? 0));
  const given = parseIpv4(String(rows.at(-1)?.address ?? '')) ?? 0;
  const last = given >= first && given < first + usable ? given : first - 1;
  for (let i = 1; i <= usable; i++) {
    const candidate = first + ((last - first + i) % usable);
    if (!used.has(candidate)) return candidate;
  }
  throw new PlimsollError('resource-exhausted', `network "${network}" has no free address left`, {
    code: 'ADDRESSES_EXHAUSTED',
    hint: 'stop containers that are not needed',
  });
}

/** The addresses that may be given: not the network's own, not the broadcast address. */
function window(subnet: Cidr, range: string | undefined): { first: number; usable: number } {
  const part = parseCidr(range ?? '') ?? subnet;
  const first = Math.max(part.base, subnet.base + 1);
  const end = Math.min(part.base + size(part), subnet.base + size(subnet) - 1);
  return { first, usable: end - first };
}

/** An address that the user chose. */
function wantedAddress(db: Database, text: string, { network, subnet, gateway }: BookingRequest): number {
  const cidr = subnetOf(network, subnet);
  const address = parseIpv4(text);
  const outside =
    address === undefined ||
    address <= cidr.base ||
    address >= cidr.base + size(cidr) - 1 ||
    text === gateway;
  if (outside) {
    throw new PlimsollError('invalid-argument', `"${text}" is not a free address of network "${network}"`, {
      code: 'ADDRESS_INVALID',
      hint: `choose one of ${subnet}, other than its gateway ${gateway}`,
      data: { address: text, network, subnet },
    });
  }
  const owner = db.get('SELECT container FROM addresses WHERE network = ? AND address = ?', network, text);
  if (owner === undefined) return address;
  throw addressInUse(text, network, containerOwner(db, String(owner.container)));
}

function chooseAddress6(db: Database, request: BookingRequest): string | undefined {
  const { network, subnet6, gateway6, address6 } = request;
  if (subnet6 === undefined || gateway6 === undefined) {
    if (address6 === undefined) return undefined;
    throw noIpv6(network);
  }
  const rows = db.all(
    'SELECT address6, container FROM addresses WHERE network = ? AND address6 IS NOT NULL ORDER BY rowid',
    network,
  );
  const place = { network, subnet6, gateway6, taken: rows.map(row => String(row.address6)) };
  if (address6 === undefined) return nextAddress6(place);
  const wanted = wantedAddress6(address6, place);
  const owner = rows.find(row => row.address6 === wanted);
  if (owner !== undefined) throw addressInUse(wanted, network, containerOwner(db, String(owner.container)));
  return wanted;
}

function addressInUse(address: string, network: string, owner: string): PlimsollError {
  return new PlimsollError('conflict', `the address ${address} is in use by ${owner}`, {
    code: 'ADDRESS_IN_USE',
    hint: 'choose another, or leave it to plimsoll',
    data: { address, network },
  });
}

function subnetOf(network: string, subnet: string): Cidr {
  const cidr = parseCidr(subnet);
  if (cidr === undefined) throw new TypeError(`network "${network}" has a malformed subnet "${subnet}"`);
  return cidr;
}

function freeInterface(taken: readonly string[]): string {
  for (let i = 0; ; i++) if (!taken.includes(`eth${i}`)) return `eth${i}`;
}

function toBooking(db: Database, row: Row): Booking {
  const container = String(row.container);
  const ports =
    row.interface === 'eth0'
      ? db.all('SELECT * FROM ports WHERE container = ? ORDER BY container_port, host_port', container)
      : [];
  return {
    container,
    network: String(row.network),
    address: String(row.address),
    ...(row.address6 === null ? {} : { address6: String(row.address6) }),
    mac: String(row.mac),
    interface: String(row.interface),
    ports: ports.map(port => ({
      protocol: protocolOf(String(port.protocol)),
      hostAddress: String(port.host_address),
      hostPort: Number(port.host_port),
      containerPort: Number(port.container_port),
    })),
  };
}
