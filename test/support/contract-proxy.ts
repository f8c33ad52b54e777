import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { type Answer, breachesOf } from './docker-contract.ts';

/** What stands between a client and an API and holds every answer against the contract. */
export interface ContractProxy extends AsyncDisposable {
  /** What was wrong so far. */
  readonly breaches: readonly string[];
  /** What was asked so far, as `GET /containers/json 200`. */
  readonly asked: readonly string[];
}

/** Listens on `path` and passes all on to the API at `target`, hijacked connections too. */
export async function contractProxy(path: string, target: string): Promise<ContractProxy> {
  const breaches = new Set<string>();
  const asked: string[] = [];
  const note = (answer: Answer) => {
    asked.push(`${answer.method} ${pathOf(answer.url)} ${answer.status}`);
    for (const breach of breachesOf(answer)) breaches.add(breach);
  };
  const server = createServer((incoming, outgoing) => pass(incoming, outgoing, target, note));
  passUpgrades(server, target, { note, asked });
  await new Promise<void>(resolve => server.listen(path, resolve));
  return {
    get breaches() {
      return [...breaches];
    },
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** Without the version and the query. */
function pathOf(url: string): string {
  return url.replace(/^\/v1\.\d+/, '').split('?')[0] ?? '';
}

function pass(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  target: string,
  note: (answer: Answer) => void,
): void {
  const { method = 'GET', url = '/', headers } = incoming;
  const onward = request({ socketPath: target, method, path: url, headers }, answer => {
    const { statusCode: status = 0 } = answer;
    outgoing.writeHead(status, answer.headers);
    outgoing.flushHeaders();
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      outgoing.write(chunk);
    });
    const type = answer.headers['content-type'] ?? '';
    answer.on('close', () => {
      const bodies = method === 'HEAD' ? [] : bodiesOf(type, Buffer.concat(chunks));
      note({ method, url, status, type, bodies });
      outgoing.end();
    });
  });
  onward.on('error', () => outgoing.destroy());
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}

function bodiesOf(type: string, body: Buffer): unknown[] {
  if (!type.includes('json') || body.length === 0) return [];
  const text = body.toString('utf8');
  try {
    return [JSON.parse(text) as unknown];
  } catch {
    const whole = text.slice(0, text.lastIndexOf('\n')); // a stream that was left ends anywhere
    return whole
      .split('\n')
      .filter(line => line.trim() !== '')
      .map(line => JSON.parse(line) as unknown);
  }
}

function passUpgrades(
  server: Server,
  target: string,
  { note, asked }: { readonly note: (answer: Answer) => void; readonly asked: string[] },
): void {
  server.on('upgrade', (incoming, client, head) => {
    const onward = connect({ path: target, allowHalfOpen: true });
    const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`];
    for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
      lines.push(`${incoming.rawHeaders[i]}: ${incoming.rawHeaders[i + 1]}`);
    }
    onward.write(`${lines.join('\r\n')}\r\n\r\n`);
    onward.write(head);
    onward.once('data', (chunk: Buffer) => {
      const [, status] = /^HTTP\/1\.1 (\d+)/.exec(chunk.toString('latin1')) ?? [];
      const { method = '', url = '' } = incoming;
      // A connection that was given over is no answer with a body.
      if (status !== undefined && status !== '101')
        note({ method, url, status: Number(status), type: '', bodies: [] });
      else asked.push(`${method} ${pathOf(url)} 101`);
    });
    client.pipe(onward).pipe(client);
    client.on('error', () => onward.destroy());
    onward.on('error', () => client.destroy());
  });
}
