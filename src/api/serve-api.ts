import { rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Engine } from '../engine/index.ts';
import { createApp } from './create-app.ts';
import { listen, parseAddress } from './listen.ts';

/** How to serve the API. */
export interface ServeOptions {
  /** Where to listen, as `unix:///PATH`. */
  readonly host: string;
  /** Of plimsoll, to tell clients. */
  readonly version: string;
  /** Fires when it shall end. */
  readonly signal: AbortSignal;
  /** Told when clients can connect. */
  readonly onReady?: (address: string) => void;
}

/** Serves the Docker Engine API over an engine until the signal fires. Containers go on without it. */
export async function serveApi(
  engine: Engine,
  { host, version, signal, onReady }: ServeOptions,
): Promise<void> {
  const address = parseAddress(host);
  const app = createApp(engine, version);
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await app.ready();
  await listen(app.server, address);
  onReady?.(`unix://${address.path}`);
  await new Promise<void>(resolve => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  rmSync(address.path, { force: true });
  for (const socket of sockets) socket.destroy(); // those that were hijacked, too
  await app.close();
}
