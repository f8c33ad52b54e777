import { isIPv4 } from 'node:net';
import { PlimsollError } from '../../errors.ts';
import { type Database, isUniqueViolation, type Row } from '../store/index.ts';
import { type Cidr, formatIpv4, parseCidr, parseIpv4, size } from './ipv4.ts';
import { macOf } from './names.ts';
import type { PublishedPort } from './types.ts';

/** A container's place in a network, as the database has it. */
export interface Booking {
  readonly container: string;
  readonly network: string;
  /** Without prefix length. */
  readonly address: string;
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
  readonly ports: readonly PublishedPort[];
  readonly address?: string;
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
    const mac = request.mac ?? macOf(address);
    const taken = bookingsOf(db, container).map(booking => booking.interface);
    const name = freeInterface(taken);
    db.run(
      'INSERT INTO addresses VALUES (?, ?, ?, ?, ?)',
      network,
      formatIpv4(address),
      container,
      mac,
      name,
    );
    for (const port of ports) bookPort(db, container, port);
    return { container, network, address: formatIpv4(address), mac, interface: name, ports };
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

/** True while any container has a place in any network. */
export function anyBooked(db: Database): boolean {
  return db.get('SELECT 1 FROM addresses LIMIT 1') !== undefined;
}

/** Host ports of a protocol that are booked, at any address. */
export function bookedPorts(db: Database, protocol: string): Set<number> {
  return new Set(
    db.all('SELECT host_port FROM ports WHERE protocol = ?', protocol).map(row => Number(row.host_port)),
  );
}

/** Throws `invalid-argument` (`PORT_INVALID`) for a port that cannot be published. */
export function validatePort(port: PublishedPort): void {
  const { hostAddress, hostPort, containerPort } = port;
  const inRange = (value: number, least: number) =>
    Number.isInteger(value) && value >= least && value <= 65_535;
  if (!isIPv4(hostAddress)) {
    throw new PlimsollError('invalid-argument', `"${hostAddress}" is not an IPv4 address of this host`, {
      code: 'PORT_INVALID',
      hint: 'publish on 0.0.0.0, 127.0.0.1 or an address that the host has',
    });
  }
  if (!inRange(hostPort, 0) || !inRange(containerPort, 1)) {
    throw new PlimsollError('invalid-argument', `"${hostPort}:${containerPort}" is not a pair of ports`, {
      code: 'PORT_INVALID',
      hint: 'ports are 1 to 65535; host port 0 means any free one',
    });
  }
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
  // 0.0.0.0 takes every address: it clashes with each of them, and they with it.
  const clash = db.get(
    `SELECT container FROM ports WHERE protocol = ? AND host_port = ?
     AND (host_address = ? OR host_address = '0.0.0.0' OR ? = '0.0.0.0')`,
    port.protocol,
    port.hostPort,
    port.hostAddress,
    port.hostAddress,
  );
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
function nextAddress(db: Database, network: string, { subnet, gateway }: BookingRequest): number {
  const cidr = subnetOf(network, subnet);
  const rows = db.all('SELECT address FROM addresses WHERE network = ? ORDER BY rowid', network);
  const used = new Set([...rows.map(row => String(row.address)), gateway].map(text => parseIpv4(text) ?? 0));
  const usable = size(cidr) - 2; // not the network, the broadcast address
  const first = cidr.base + 1;
  const last = parseIpv4(String(rows.at(-1)?.address ?? '')) ?? first - 1;
  for (let i = 1; i <= usable; i++) {
    const candidate = first + ((last - first + i) % usable);
    if (!used.has(candidate)) return candidate;
  }
  throw new PlimsollError('resource-exhausted', `network "${network}" has no free address left`, {
    code: 'ADDRESSES_EXHAUSTED',
    hint: 'stop containers that are not needed',
  });
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
  throw new PlimsollError(
    'conflict',
    `the address ${text} is in use by ${containerOwner(db, String(owner.container))}`,
    {
      code: 'ADDRESS_IN_USE',
      hint: 'choose another, or leave it to plimsoll',
      data: { address: text, network },
    },
  );
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
    mac: String(row.mac),
    interface: String(row.interface),
    ports: ports.map(port => ({
      protocol: port.protocol === 'udp' ? 'udp' : 'tcp',
      hostAddress: String(port.host_address),
      hostPort: Number(port.host_port),
      containerPort: Number(port.container_port),
    })),
  };
}
