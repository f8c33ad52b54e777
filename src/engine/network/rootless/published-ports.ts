import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlimsollError } from '../../../errors.ts';
import { isAlive, type ProcessIdentity, withLock } from '../../kernel/index.ts';
import type { Root } from '../../store/index.ts';
import { type Booking, portInUse } from '../address-book.ts';
import { askForwarder, endForwarder, findForwarder, startForwarder } from './ask-forwarder.ts';
import type { Forward } from './forward-ports.ts';
import { type UserNetwork, userNetwork } from './place.ts';
import { ready } from './serve-forwards.ts';

/** The published ports of an ordinary user, which one process for all roots and containers of the user opens. */
export interface PublishedPorts {
  /** Resolves when the ports are open. Throws `conflict` (`PORT_IN_USE`), `permission-denied`. */
  open(booking: Booking): Promise<void>;
  /** False for a container whose ports nobody opens, as somebody killed the process. */
  isOpen(container: string): boolean;
  /** Opens those that are not; leaves out what cannot be. */
  reopen(bookings: readonly Booking[]): Promise<void>;
  close(container: string): Promise<void>;
  /** Closes those of containers that have no booking any more. */
  closeOthers(containers: ReadonlySet<string>): Promise<void>;
}

/**
 * `command` begins what `serveForwards` does: the machine's network is not the user's, so that its ports are opened as
 * any program of the user would. That process outlives its caller, goes some time after the last port, and is known by
 * its record beside the user's network. What it opened for a container is told by a record in the root's run folder.
 */
export function createPublishedPorts(
  root: Root,
  command: readonly string[],
  network: UserNetwork | undefined = userNetwork,
): PublishedPorts | undefined {
  if (network === undefined) return undefined;
  const folder = join(root.runDir, 'ports');
  const isOpen = (container: string) => readProcess(join(folder, container)) !== undefined;
  const locked = <T>(action: () => Promise<T>) => withLock(join(network.path, '../ports.lock'), action);
  const openNow = async (booking: Booking) => {
    const opener = await ask(booking);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, booking.container), `${opener.pid} ${opener.startTime}\n`);
  };
  const ask = async (booking: Booking): Promise<ProcessIdentity> => {
    const request = { container: keyOf(root, booking.container), forwards: forwardsOf(booking) };
    for (let attempt = 0; attempt < 2; attempt++) {
      const opener = findForwarder(network) ?? (await startForwarder(network, root.id, command));
      const said = await askForwarder(network, request);
      if (said === ready) return opener;
      if (said !== undefined) throw refused(said, booking);
      endForwarder(network); // it was just about to leave
    }
    throw refused('no answer', booking);
  };
  const close = async (container: string) => {
    if (isOpen(container)) await askForwarder(network, { container: keyOf(root, container), forwards: [] });
    rmSync(join(folder, container), { force: true });
  };
  return {
    isOpen,
    close,
    async open(booking) {
      if (booking.ports.length > 0) await locked(() => openNow(booking));
    },
    async reopen(bookings) {
      const closed = bookings.filter(({ container, ports }) => ports.length > 0 && !isOpen(container));
      for (const booking of closed) {
        await locked(async () => {
          if (!isOpen(booking.container)) await openNow(booking).catch(() => {}); // 'system check' tells
        });
      }
    },
    async closeOthers(containers) {
      for (const name of listFolder(folder)) if (!containers.has(name)) await close(name);
    },
  };
}

/** Containers of all roots are in one process. */
function keyOf(root: Root, container: string): string {
  return `${root.id}/${container}`;
}

function forwardsOf({ address, ports }: Booking): Forward[] {
  return ports.map(({ protocol, hostAddress, hostPort, containerPort }) => {
    if (protocol !== 'tcp' && protocol !== 'udp') throw unsupported(protocol);
    return { protocol, hostAddress, hostPort, address, port: containerPort };
  });
}

function refused(said: string, { ports: [first] }: Booking): PlimsollError {
  if (said === 'EADDRINUSE' && first !== undefined) return portInUse(first, 'another process of the host');
  return new PlimsollError('permission-denied', `the ports cannot be published (${said || 'no answer'})`, {
    code: 'PORT_REFUSED',
    hint: 'publish ports above 1023, or run it as root',
  });
}

function unsupported(protocol: string): PlimsollError {
  return new PlimsollError('invalid-argument', `an ordinary user cannot publish ports of ${protocol}`, {
    code: 'PORT_INVALID',
    hint: 'publish tcp or udp, or run it as root',
  });
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

function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
