import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { badRequest } from '../wire/index.ts';
import { minorVersionOf, withoutVersion } from './api-version.ts';
import type { Audit } from './audit-log.ts';
import { type ClientStream, clientStream } from './client-stream.ts';
import { httpErrorOf } from './http-status.ts';
import { Query } from './query.ts';
import { streamType } from './raw-stream.ts';
import { acceptWebsocket } from './websocket.ts';

/** A path whose connection becomes the streams of a process. */
export interface HijackRoute {
  /** Its first group is the name. */
  readonly path: RegExp;
  /** Checks all that can be wrong before the connection is taken; throws what the answer is made of. */
  prepare(name: string, request: { readonly query: Query; readonly body: unknown }): Hijack | Promise<Hijack>;
}

/** What to do with the connection; `detach` instead where the client wants none. */
export type Hijack =
  | {
      readonly tty: boolean;
      /** It may end its input and still want the output, as docker's does without input at once. */
      readonly mayHalfClose: boolean;
      readonly run: (client: ClientStream) => Promise<void>;
      readonly detach?: undefined;
    }
  | { readonly tty: boolean; readonly detach: () => Promise<void> };

/** The largest body of a request that asks for an upgrade. */
const bodyLimit = 1024 * 1024;

/** What is taken over by `Upgrade: tcp`, and what by `Upgrade: websocket`. */
export interface Upgrades {
  readonly hijacks: readonly HijackRoute[];
  readonly websockets: readonly HijackRoute[];
}

/** Serves upgrades as docker's clients ask for them, on a server whose other requests go their own way. */
export function serveHijacks(server: Server, upgrades: Upgrades, audit?: Audit): void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => {}); // a client that went away is no failure of ours
    void upgrade(request, socket, head, upgrades).then(
      () => audit?.(request, 101),
      (error: unknown) => {
        audit?.(request, httpErrorOf(error).status);
        refuse(socket, error);
      },
    );
  });
}

async function upgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { hijacks, websockets }: Upgrades,
): Promise<void> {
  const url = request.url ?? '/';
  const minor = minorVersionOf(url);
  const { pathname, searchParams } = new URL(withoutVersion(url), 'http://localhost');
  const isWebsocket = request.headers.upgrade?.toLowerCase() === 'websocket';
  const method = isWebsocket ? 'GET' : 'POST';
  const routes = isWebsocket ? websockets : hijacks;
  const route = routes.find(({ path }) => request.method === method && path.test(pathname));
  if (route === undefined) return refuse(socket, undefined);
  const body = isWebsocket ? undefined : await readBody(request, socket, head);
  const name = decodeURIComponent(route.path.exec(pathname)?.[1] ?? '');
  const hijack = await route.prepare(name, { query: new Query(Object.fromEntries(searchParams)), body });
  if (hijack.detach !== undefined) {
    await hijack.detach();
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    return;
  }
  if (isWebsocket) {
    const stream = await acceptWebsocket(request, socket, head);
    await hijack.run(clientStream(stream, stream, hijack)).catch(() => stream.destroy());
    return;
  }
  const type = streamType(hijack.tty, minor);
  socket.write(
    `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${type}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
  );
  // From here on an error is no answer any more: the connection just ends.
  await hijack.run(clientStream(socket, socket, hijack)).catch(() => socket.destroy());
}

/** The JSON body that came with the head, or after it; what follows it is the first input, and is put back. */
async function readBody(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<unknown> {
  const length = Number(request.headers['content-length'] ?? 0);
  if (!Number.isInteger(length) || length > bodyLimit) throw badRequest('the body is too large');
  let bytes = head;
  while (bytes.length < length) {
    const chunk = await nextChunk(socket);
    if (chunk === undefined) throw badRequest('the body ends too early');
    bytes = Buffer.concat([bytes, chunk]);
  }
  if (bytes.length > length) socket.unshift(bytes.subarray(length));
  const text = bytes.subarray(0, length).toString('utf8').trim();
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw badRequest('the body is no valid JSON');
  }
}

function nextChunk(socket: Duplex): Promise<Buffer | undefined> {
  return new Promise(resolve => {
    const done = (chunk: Buffer | undefined) => {
      socket.off('data', onData).off('end', onEnd).off('close', onEnd).pause();
      resolve(chunk);
    };
    const onData = (chunk: Buffer) => done(chunk);
    const onEnd = () => done(undefined);
    socket.on('data', onData).once('end', onEnd).once('close', onEnd).resume();
  });
}

/** An answer in place of the upgrade; without an error: there is no such path. */
function refuse(socket: Duplex, error: unknown): void {
  if (socket.destroyed) return;
  const { status, message } =
    error === undefined ? { status: 404, message: 'page not found' } : httpErrorOf(error);
  const body = JSON.stringify({ message });
  const head = [
    `HTTP/1.1 ${status} ${status < 500 ? 'Refused' : 'Failed'}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
