import { closeSync, constants, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { PlimsollError } from '../../../errors.ts';
import { adopt, identify, isAlive, type ProcessIdentity, start } from '../../kernel/index.ts';
import type { ForwarderPlace } from './place.ts';
import { controlName, type ForwardRequest } from './serve-forwards.ts';

/** The living forwarder of a place; undefined: there is none, or one of a network that is gone. */
export function findForwarder(place: ForwarderPlace): ProcessIdentity | undefined {
  const [pid = 0, startTime = 0, inode = 0] = readNumbers(recordOf(place));
  const identity = { pid, startTime };
  return pid > 0 && inode === inodeOf(place) && isAlive(identity) ? identity : undefined;
}

/** Starts it as `command`, in place of one of a network that is gone. Throws `unavailable`. */
export async function startForwarder(
  place: ForwarderPlace,
  rootId: string,
  [program = '', ...args]: readonly string[],
): Promise<ProcessIdentity> {
  endForwarder(place);
  const child = start(program, [...args, place.folder, place.namespace], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, NODE_OPTIONS: lean },
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
  if (said !== 'up' || identity === undefined) {
    throw new PlimsollError(
      'unavailable',
      `no process to open ports can be started (${said || 'no answer'})`,
      {
        code: 'PORTS_UNAVAILABLE',
        hint: 'leave --publish out, or run it as root',
      },
    );
  }
  await adopt(rootId, identity.pid);
  writeFileSync(recordOf(place), `${identity.pid} ${identity.startTime} ${inodeOf(place)}\n`);
  return identity;
}

/** It has little to remember: without these V8 would take as much as there is. */
const lean = '--max-semi-space-size=1 --max-old-space-size=64';

/** What it says; undefined if it has gone. */
export async function askForwarder(
  place: ForwarderPlace,
  request: ForwardRequest,
): Promise<string | undefined> {
  const folder = openSync(place.folder, constants.O_RDONLY);
  try {
    // By the folder, as the whole path may be longer than an address can be.
    const socket = connect({ path: `/proc/self/fd/${folder}/${controlName}`, allowHalfOpen: true });
    socket.setTimeout(10_000, () => socket.destroy());
    socket.end(JSON.stringify(request));
    return (await text(socket)) || undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(folder);
  }
}

/** Ends it, with all that is open. */
export function endForwarder(place: ForwarderPlace): void {
  const [pid = 0, startTime = 0] = readNumbers(recordOf(place));
  if (pid > 0 && isAlive({ pid, startTime })) process.kill(pid, 'SIGKILL');
  rmSync(recordOf(place), { force: true });
}

function recordOf({ folder }: ForwarderPlace): string {
  return join(folder, 'ports.pid');
}

/** Another one: the network has been taken away meanwhile, and made anew. */
function inodeOf({ namespace }: ForwarderPlace): number {
  return statSync(namespace, { throwIfNoEntry: false })?.ino ?? 0;
}

function readNumbers(path: string): number[] {
  try {
    return readFileSync(path, 'utf8').split(' ').map(Number);
  } catch {
    return [];
  }
}
