import { isIPv4, isIPv6 } from 'node:net';
import { PlimsollError } from '../../errors.ts';
import { defined } from '../../lib/defined.ts';
import { type Database, isUniqueViolation, type Row } from '../store/index.ts';
import { nextAddress, noIpv4, wantedAddress } from './choose-address.ts';
import { nextAddress6, noIpv6, wantedAddress6 } from './choose-address6.ts';
import { sharesAddress } from './host-address.ts';
import { macOf } from './names.ts';
import type { PublishedPort } from './types.ts';

/** A container's place in a network, as the database has it. */
export interface Booking {
  readonly container: string;
  readonly network: string;
  /** Without prefix length, of each kind that the network has. */
  readonly address?: string;
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
  readonly subnet?: string;
  readonly gateway?: string;
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
    const address = chooseAddress(db, request);
    const address6 = chooseAddress6(db, request);
    const mac = request.mac ?? macOf(address ?? address6 ?? '');
    const taken = bookingsOf(db, container).map(booking => booking.interface);
    const name = freeInterface(taken);
    const values = [network, address ?? null, container, mac, name, address6 ?? null] as const;
    db.run('INSERT INTO addresses VALUES (?, ?, ?, ?, ?, ?)', ...values);
    for (const port of ports) bookPort(db, container, port);
    return { container, network, ...defined({ address, address6 }), mac, interface: name, ports };
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

/** The address of IPv4, on a network that has it: the wanted one, or the next. */
function chooseAddress(db: Database, request: BookingRequest): string | undefined {
  const { network, subnet, gateway, range, address } = request;
  if (subnet === undefined || gateway === undefined) {
    if (address === undefined) return undefined;
    throw noIpv4(network);
  }
  const taken = takenOn(db, network, 'address');
  const place = defined({ network, subnet, gateway, range, taken });
  if (address === undefined) return nextAddress(place);
  return free(db, network, 'address', wantedAddress(address, place));
}

/** The same of IPv6. */
function chooseAddress6(db: Database, request: BookingRequest): string | undefined {
  const { network, subnet6, gateway6, address6 } = request;
  if (subnet6 === undefined || gateway6 === undefined) {
    if (address6 === undefined) return undefined;
    throw noIpv6(network);
  }
  const place = { network, subnet6, gateway6, taken: takenOn(db, network, 'address6') };
  if (address6 === undefined) return nextAddress6(place);
  return free(db, network, 'address6', wantedAddress6(address6, place));
}

/** In the order in which they were given. */
function takenOn(db: Database, network: string, column: 'address' | 'address6'): string[] {
  const query = `SELECT ${column} FROM addresses WHERE network = ? AND ${column} IS NOT NULL ORDER BY rowid`;
  return db.all(query, network).map(row => String(row[column]));
}

function free(db: Database, network: string, column: 'address' | 'address6', address: string): string {
  const query = `SELECT container FROM addresses WHERE network = ? AND ${column} = ?`;
  const owner = db.get(query, network, address);
  if (owner === undefined) return address;
  throw addressInUse(address, network, containerOwner(db, String(owner.container)));
}

function addressInUse(address: string, network: string, owner: string): PlimsollError {
  return new PlimsollError('conflict', `the address ${address} is in use by ${owner}`, {
    code: 'ADDRESS_IN_USE',
    hint: 'choose another, or leave it to plimsoll',
    data: { address, network },
  });
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
    ...addressesIn(row),
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

function addressesIn({ address, address6 }: Row): Pick<Booking, 'address' | 'address6'> {
  const text = (value: Row[string] | undefined) => (typeof value === 'string' ? value : undefined);
  return defined({ address: text(address), address6: text(address6) });
}
