import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlimsollError } from '../../../errors.ts';
import { defined } from '../../../lib/defined.ts';
import { isAlive, namesIn, type ProcessIdentity, withLock } from '../../kernel/index.ts';
import type { Root } from '../../store/index.ts';
import { type Booking, portInUse } from '../address-book.ts';
import { isLedByKernel } from '../host-address.ts';
import { askForwarder, endForwarder, findForwarder, startForwarder } from './ask-forwarder.ts';
import type { Forward } from './forward-ports.ts';
import { type ForwarderPlace, forwarderPlace, userNetwork } from './place.ts';
import { ready } from './serve-forwards.ts';

/**
 * Published ports that a process opens: all of an ordinary user's (one process for all roots and containers of the user),
 * and those of root that the kernel leads nowhere (one per root, where there are any).
 */
export interface PublishedPorts {
  /** Resolves when the ports are open. Throws `conflict` (`PORT_IN_USE`), `permission-denied`. */
  open(booking: Booking): Promise<void>;
  /** False for a container that has such ports, and nobody opens them: somebody killed the process. */
  isOpen(booking: Booking): boolean;
  /** Opens those that are not; leaves out what cannot be. Asked again for each: another process may be letting it go. */
  reopen(bookings: () => readonly Booking[]): Promise<void>;
  close(container: string): Promise<void>;
  /** Closes those of containers that have no booking any more; asked after the look at what is open. */
  closeOthers(bookings: () => readonly Booking[]): Promise<void>;
}

/**
 * `command` begins what `serveForwards` does: the machine's network is not the user's, so that its ports are opened as
 * any program of the user would. That process outlives its caller, goes some time after the last port, and is known by
 * its record beside the user's network, or in the root's run folder. What it opened for a container is told by a record in the root's run folder.
 */
export function createPublishedPorts(
  root: Root,
  command: readonly string[],
  place: ForwarderPlace = forwarderPlace(root),
): PublishedPorts {
  const folder = join(root.runDir, 'ports');
  const recordOf = (container: string) => join(folder, container);
  const isKnown = (container: string) => readProcess(recordOf(container)) !== undefined;
  const isOpen = (booking: Booking) => forwardsOf(booking).length === 0 || isKnown(booking.container);
  const locked = <T>(action: () => Promise<T>) => withLock(join(place.folder, 'ports.lock'), action);
  const openNow = async (booking: Booking) => {
    const record = recordOf(booking.container);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(record, ''); // before they are open: who dies meanwhile leaves ports that are closed by it
    try {
      const opener = await ask(booking);
      writeFileSync(record, `${opener.pid} ${opener.startTime}\n`);
    } catch (error) {
      rmSync(record, { force: true });
      throw error;
    }
  };
  const ask = async (booking: Booking): Promise<ProcessIdentity> => {
    const request = { container: keyOf(root, booking.container), forwards: forwardsOf(booking) };
    for (let attempt = 0; attempt < 2; attempt++) {
      const opener = findForwarder(place) ?? (await startForwarder(place, root.id, command));
      const said = await askForwarder(place, request);
      if (said === ready) return opener;
      if (said !== undefined) throw refused(said, booking);
      endForwarder(place); // it was just about to leave
    }
    throw refused('no answer', booking);
  };
  const close = async (container: string) => {
    if (!existsSync(recordOf(container))) return;
    if (!existsSync(place.folder)) return rmSync(recordOf(container), { force: true });
    await locked(async () => {
      await askForwarder(place, { container: keyOf(root, container), forwards: [] });
      rmSync(recordOf(container), { force: true });
    });
  };
  return {
    isOpen,
    close,
    async open(booking) {
      if (forwardsOf(booking).length > 0) await locked(() => openNow(booking));
    },
    async reopen(bookings) {
      for (const { container, network } of bookings().filter(booking => !isOpen(booking))) {
        await locked(async () => {
          const booking = bookings().find(each => each.container === container && each.network === network);
          if (booking === undefined || isOpen(booking)) return;
          await openNow(booking).catch(() => {}); // 'system check' tells
        });
      }
    },
    async closeOthers(bookings) {
      const open = namesIn(folder);
      if (open.length === 0) return;
      const booked = new Set(bookings().map(({ container }) => container));
      for (const name of open) if (!booked.has(name)) await close(name);
    },
  };
}

/** Containers of all roots are in one process. */
function keyOf(root: Root, container: string): string {
  return `${root.id}/${container}`;
}

function forwardsOf(booking: Booking): Forward[] {
  const { ports } = booking;
  const { address6 } = booking;
  const address = booking.address ?? address6 ?? '';
  const own = userNetwork === undefined ? ports.filter(port => !isLedByKernel(port, booking)) : ports;
  return own.map(({ protocol, hostAddress, hostPort, containerPort }) => {
    if (protocol !== 'tcp' && protocol !== 'udp') throw unsupported(protocol, hostAddress);
    return { protocol, hostAddress, hostPort, ...defined({ address, address6 }), port: containerPort };
  });
}

function refused(said: string, { ports: [first] }: Booking): PlimsollError {
  if (said === 'EADDRINUSE' && first !== undefined) return portInUse(first, 'another process of the host');
  return new PlimsollError('permission-denied', `the ports cannot be published (${said || 'no answer'})`, {
    code: 'PORT_REFUSED',
    hint: 'publish ports above 1023, or run it as root',
  });
}

function unsupported(protocol: string, address: string): PlimsollError {
  return new PlimsollError(
    'invalid-argument',
    `no port of ${protocol} can be published on "${address}" here`,
    {
      code: 'PORT_INVALID',
      hint:
        userNetwork === undefined
          ? 'publish it on an address of a kind that the network has'
          : 'publish tcp or udp, or run it as root',
    },
  );
}

function readProcess(record: string): ProcessIdentity | undefined {
  try {
    const [pid = 0, startTime = 0] = readFileSync(record, 'utf8').split(' ').map(Number);
    const identity = { pid, startTime };
    return pid > 0 && isAlive(identity) ? identity : undefined;
  } catch {
    return undefined;
  }
}
