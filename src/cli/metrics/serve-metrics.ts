import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf, PlimsollError } from '../../errors.ts';

/** Where to listen. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Answers `GET /metrics` until the signal fires. `onListening` is told the address, as one of port 0 is made up. */
export async function serveMetrics(
  read: () => Promise<string>,
  { host, port }: ListenAddress,
  { signal, onListening }: { readonly signal: AbortSignal; readonly onListening: (address: string) => void },
): Promise<void> {
  const server = createServer((request, response) => {
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8') => {
      response.writeHead(status, { 'Content-Type': type });
      response.end(request.method === 'HEAD' ? '' : text);
    };
    if (!['GET', 'HEAD'].includes(request.method ?? '')) return answer(405, 'only GET is answered\n');
    if (request.url?.split('?')[0] !== '/metrics') return answer(404, 'figures are at /metrics\n');
    read().then(
      text => answer(200, text, 'text/plain; version=0.0.4; charset=utf-8'),
      (error: unknown) => answer(500, `${messageOf(error)}\n`),
    );
  });
  await listening(server, { host, port });
  const bound = server.address() as AddressInfo;
  onListening(
    `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}/metrics`,
  );
  await new Promise<void>(resolve => {
    const stop = () => {
      server.close(() => resolve());
      server.closeAllConnections();
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

async function listening(server: Server, { host, port }: ListenAddress): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', error =>
      reject(
        new PlimsollError('conflict', `cannot listen on ${host}:${port}: ${messageOf(error)}`, {
          ...{ code: 'CANNOT_LISTEN', hint: 'choose another port', cause: error },
        }),
      ),
    );
    server.listen({ host, port }, resolve);
  });
}
