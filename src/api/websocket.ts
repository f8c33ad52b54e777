import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { PlimsollError } from '../errors.ts';

/** Most bytes of one message of a client. */
const maxPayload = 1024 * 1024;

/**
 * Makes the connection of an upgrade a websocket, and both its directions a stream of bytes; what is sent goes in
 * binary messages, as docker sends it. Throws `permission-denied` for a page of another site: browsers let any page
 * connect, and only the server can tell.
 */
export async function acceptWebsocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<Duplex> {
  refuseOtherSites(request);
  const { createWebSocketStream, WebSocketServer } = await import('ws');
  const server = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload });
  return await new Promise(resolve => {
    server.handleUpgrade(request, socket, head, client => resolve(createWebSocketStream(client)));
  });
}

function refuseOtherSites({ headers: { origin, host } }: IncomingMessage): void {
  if (origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)) return;
  throw new PlimsollError('permission-denied', `pages of ${origin} may not attach to containers`, {
    code: 'OTHER_ORIGIN',
  });
}
