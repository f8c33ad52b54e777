import { closeSync, constants, existsSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { errnoOf, PlimsollError, throwIfAborted } from '../../errors.ts';
import { preloadNative } from '../kernel/index.ts';
import { resizeTerminal } from '../runtime/index.ts';
import { readPackets } from './read-packets.ts';
import type { ContainerRecord } from './records.ts';
import type { Attachment } from './types.ts';
import { announce, isLive, pathsOf, type World } from './world.ts';

/** Connects to the streams of a running container. */
export async function attachToContainer(
  world: World,
  record: ContainerRecord,
  signal: AbortSignal | undefined,
): Promise<Attachment> {
  const { bundle } = pathsOf(world.root, record.id);
  throwIfAborted(signal, 'attaching');
  if (!isLive(record.state) || !existsSync(join(bundle, 'attach'))) throw notAttachable(record);
  const attachment = await attachToMonitor(bundle, signal).catch((error: unknown) => {
    // The monitor may have gone since its socket was seen: its container is one that has ended.
    throw ['ENOENT', 'ECONNREFUSED'].includes(errnoOf(error) ?? '') ? notAttachable(record) : error;
  });
  world.db.transaction(() => announce(world, record, 'attach'));
  return attachment;
}

/**
 * Connects to a monitor through the socket in its folder. That is SOCK_SEQPACKET, which Node cannot open: a native call
 * makes it, and takes the place of one that Node can. Each packet begins with a byte that names the stream (2 output,
 * 3 error). The path goes by way of a descriptor, so that it may be longer than sun_path.
 */
export async function attachToMonitor(folder: string, signal: AbortSignal | undefined): Promise<Attachment> {
  const native = await preloadNative();
  const place = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  let socket: Socket;
  let descriptor = -1;
  try {
    socket = native.seqpacketSocket(`/proc/self/fd/${place}/attach`, fd => {
      descriptor = fd;
      return new Socket({
        fd,
        readable: true,
        writable: true,
        allowHalfOpen: true,
        pauseOnCreate: true,
      } as object);
    });
  } finally {
    closeSync(place);
  }
  const onAbort = () => socket.destroy();
  signal?.addEventListener('abort', onAbort, { once: true });
  socket.on('error', () => {}); // the monitor is gone: the output just ends
  socket.on('close', () => signal?.removeEventListener('abort', onAbort));
  return {
    output: readPackets(socket, into => native.receive(descriptor, into)),
    ...input(socket),
    resize: size => resizeTerminal(folder, size),
    async [Symbol.asyncDispose]() {
      if (socket.closed) return;
      const closed = new Promise(resolve => socket.once('close', resolve));
      socket.destroy();
      await closed;
    },
  };
}

/** The most that the monitor takes in one packet (its CONN_SOCK_BUF_SIZE is twice that); what is beyond is lost. */
const packetBytes = 16 * 1024;

/**
 * Writing in the monitor's packets, one after the other: Node would make one of all that waits. The end waits for them.
 */
function input(socket: Socket): Pick<Attachment, 'write' | 'endInput'> {
  let last: Promise<void> = Promise.resolve();
  const send = async (data: Uint8Array) => {
    for (let at = 0; at < data.length && !socket.destroyed; at += packetBytes) {
      await new Promise<void>(resolve => {
        socket.write(data.subarray(at, at + packetBytes), () => resolve());
      });
    }
  };
  return {
    write(data) {
      last = last.then(() => send(data));
      return last;
    },
    endInput: () => void last.then(() => socket.end()),
  };
}

function notAttachable({ name, state }: ContainerRecord): PlimsollError {
  return new PlimsollError(
    'conflict',
    `the container "${name}" does not run: there is nothing to attach to`,
    {
      code: 'CONTAINER_STATE',
      hint: `start it first, or read its log with 'plimsoll logs ${name}'`,
      data: { container: name, from: state.status },
    },
  );
}
