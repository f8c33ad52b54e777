import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { PlimsollError } from '../../../errors.ts';
import { adopt, identify, isAlive, type ProcessIdentity, start } from '../../kernel/index.ts';
import type { Root } from '../../store/index.ts';
import { type Booking, portInUse } from '../address-book.ts';
import type { Forward } from './forward-ports.ts';
import { userNetwork } from './place.ts';

/** The processes by which published ports of an ordinary user reach containers: one per container that has any. */
export interface PortForwarders {
  /** Resolves when the ports are open. Throws `conflict` (`PORT_IN_USE`), `permission-denied`. */
  begin(booking: Booking): Promise<void>;
  /** False for a container whose ports nobody opens, as somebody killed the process. */
  isOpen(container: string): boolean;
  end(container: string): void;
  /** Ends those of containers that have no booking any more. */
  endOthers(containers: ReadonlySet<string>): void;
}

/**
 * `command` begins what `forwardPorts` does: the machine's network is not the user's, so that its ports are opened as
 * any program of the user would. It outlives its caller.
 */
export function createPortForwarders(root: Root, command: readonly string[]): PortForwarders {
  const folder = join(root.runDir, 'ports');
  const end = (container: string) => {
    const record = join(folder, container);
    const running = readProcess(record);
    if (running !== undefined) process.kill(running.pid, 'SIGKILL');
    rmSync(record, { force: true });
  };
  return {
    async begin(booking) {
      if (booking.ports.length === 0 || userNetwork === undefined) return;
      end(booking.container); // what a killed process left
      const identity = await launch(root.id, [...command, userNetwork.path], booking);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(join(folder, booking.container), `${identity.pid} ${identity.startTime}\n`);
    },
    isOpen: container => readProcess(join(folder, container)) !== undefined,
    end,
    endOthers(containers) {
      for (const name of listFolder(folder)) if (!containers.has(name)) end(name);
    },
  };
}

async function launch(
  rootId: string,
  [program = '', ...args]: readonly string[],
  booking: Booking,
): Promise<ProcessIdentity> {
  const forwards = booking.ports.map(({ protocol, hostAddress, hostPort, containerPort }): Forward => {
    if (protocol !== 'tcp' && protocol !== 'udp') throw unsupported(protocol);
    return { protocol, hostAddress, hostPort, address: booking.address, port: containerPort };
  });
  const child = start(program, [...args, JSON.stringify(forwards)], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const output = child.stdout as Readable;
  const said = await Promise.race([
    new Promise<string>(resolve => output.once('data', chunk => resolve(String(chunk).trim()))),
    new Promise<string>(resolve => child.once('error', error => resolve(error.message))),
    text(output).then(all => all.trim()),
  ]);
  output.destroy();
  child.unref();
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (said !== 'ready' || identity === undefined) throw refused(said, booking);
  await adopt(rootId, identity.pid);
  return identity;
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
