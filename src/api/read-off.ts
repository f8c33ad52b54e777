import type { IncomingMessage } from 'node:http';

/** How long a client may go on sending what nobody wants. */
const longestMs = 2000;

/**
 * Takes the rest of a body that is refused, and throws it away: a connection that is closed while its client still
 * sends breaks at the client before that has read why.
 */
export async function readOff(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return;
  await new Promise<void>(resolve => {
    const timer = setTimeout(resolve, longestMs);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    request.once('end', done).once('close', done).once('error', done).resume();
  });
}
