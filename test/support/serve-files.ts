import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { normalize } from 'node:path';

/** A web server on loopback. */
export interface FileServer extends Disposable {
  readonly url: string;
}

/** Serves the file that `find` names for a path, with a modification time of 2001; 404 for what is not there. */
export async function serveFiles(find: (path: string) => string): Promise<FileServer> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://loopback');
    try {
      const content = readFileSync(find(normalize(decodeURIComponent(pathname))));
      response.writeHead(200, { 'last-modified': 'Sun, 09 Sep 2001 01:46:40 GMT' }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  }).listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
