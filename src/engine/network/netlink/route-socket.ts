import { closeSync, readSync, write } from 'node:fs';
import { getSystemErrorName, promisify } from 'node:util';
import { PlimsollError } from '../../../errors.ts';
import { decodeReplies, encodeRequest, type NetlinkReply, type NetlinkRequest } from './message.ts';

/** A conversation with the kernel about links, addresses and routes: rtnetlink(7). */
export interface RouteSocket extends Disposable {
  /**
   * Asks for one thing and waits until it is done. Returns the first object that the kernel sent, if any. Throws
   * `internal` (`NETLINK_REFUSED`, with the errno's name in `data.errno`) with the kernel's words.
   */
  request(request: NetlinkRequest): Promise<Buffer | undefined>;
}

const writeFd = promisify(write);

/** Speaks over a routing socket; owns the descriptor. One request at a time. */
export function createRouteSocket(fd: number): RouteSocket {
  let sequence = 0;
  const buffer = Buffer.alloc(32 * 1024);
  return {
    async request(request) {
      sequence++;
      // On another thread: the kernel does the work within write(2), and may wait there for others who change links.
      // The answer is there when that returns.
      await writeFd(fd, encodeRequest(request, sequence));
      let object: Buffer | undefined;
      for (;;) {
        const bytesRead = readSync(fd, buffer);
        for (const reply of decodeReplies(Buffer.from(buffer.subarray(0, bytesRead)))) {
          if (reply.sequence !== sequence) continue;
          if (reply.kind === 'object') object ??= reply.body;
          else if (reply.errno !== 0) throw refused(request, reply);
          else return object;
        }
      }
    },
    [Symbol.dispose]: () => closeSync(fd),
  };
}

function refused({ purpose }: NetlinkRequest, reply: NetlinkReply & { kind: 'done' }): PlimsollError {
  const errno = getSystemErrorName(-reply.errno);
  const words = reply.words === '' ? errno : `${reply.words} (${errno})`;
  return new PlimsollError('internal', `the kernel does not ${purpose}: ${words}`, {
    code: 'NETLINK_REFUSED',
    hint: "run 'plimsoll doctor' to see what this machine lacks",
    data: { errno },
  });
}
