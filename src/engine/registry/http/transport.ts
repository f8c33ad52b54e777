import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { cancelled } from '../../../errors.ts';
import { connectionError, connectTimeout, silentError } from './connection-error.ts';
import type { HttpAnswer, HttpRequest, Transport } from './http-types.ts';
import { isLoopback } from './loopback.ts';
import { proxyAtFault } from './proxy-at-fault.ts';
import { tlsOptionsFor } from './tls-options.ts';

export interface TransportOptions {
  /** For HTTPS_PROXY, HTTP_PROXY and NO_PROXY. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folders with certificates by host; see `certFolders`. */
  readonly certFolders: readonly string[];
  /** False for hosts whose certificate is not looked at. */
  readonly verifies: (host: string) => boolean;
  readonly connectMs?: number;
  /** Most milliseconds without a byte. */
  readonly idleMs?: number;
}

/**
 * Connections by Node's own http and https: their agents know proxies (`proxyEnv`, Node 24.5) and certificates by host,
 * where `fetch` would need the package undici for either, and takes three times as long to load.
 */
export function createTransport(options: TransportOptions): Transport {
  const agents = new Map<string, HttpAgent>();
  const agentFor = (url: URL): HttpAgent => {
    let agent = agents.get(url.origin);
    if (agent === undefined) {
      agent = makeAgent(url, options);
      agents.set(url.origin, agent);
    }
    return agent;
  };
  return {
    send: async request => {
      if (request.signal?.aborted) throw cancelled('the request');
      return await exchange(request, agentFor(request.url), options);
    },
    [Symbol.dispose]: () => {
      for (const agent of agents.values()) agent.destroy();
      agents.clear();
    },
  };
}

function makeAgent(url: URL, { env, certFolders, verifies }: TransportOptions): HttpAgent {
  // Go, and with it docker and podman, never sends loopback through a proxy.
  const common = { keepAlive: true, ...(isLoopback(url.hostname) ? {} : { proxyEnv: { ...env } }) };
  if (url.protocol === 'http:') return new HttpAgent(common);
  return new HttpsAgent({
    ...common,
    ...tlsOptionsFor(url.host, certFolders),
    rejectUnauthorized: verifies(url.host),
  });
}

function exchange(request: HttpRequest, agent: HttpAgent, options: TransportOptions): Promise<HttpAnswer> {
  const { connectMs = 10_000, idleMs = 60_000 } = options;
  const { method, url, headers, body, signal } = request;
  const make = url.protocol === 'http:' ? httpRequest : httpsRequest;
  return new Promise((resolve, reject) => {
    const sent = make(url, { method, agent, headers: { ...headers, ...lengthOf(body) } });
    let answer: IncomingMessage | undefined;
    const fail = (error: Error) => {
      answer?.destroy(error);
      sent.destroy(error);
    };
    const onAbort = () => fail(cancelled('the request'));
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer = limitConnecting(sent, connectMs, () => fail(connectTimeout(url.host, connectMs)));
    sent.setTimeout(idleMs, () => fail(silentError(url.host, idleMs)));
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    sent.on('error', error => {
      if (answer === undefined) end();
      reject(connectionError(error, url.host, proxyAtFault(error, url, options.env)));
    });
    sent.on('response', message => {
      answer = message;
      message.on('close', end);
      resolve({ status: message.statusCode ?? 0, headers: message.headers, url, body: message });
    });
    send(sent, body, fail);
  });
}

/** Starts a timer that a connection ends, one that was kept too. */
function limitConnecting(sent: ClientRequest, ms: number, onLate: () => void): NodeJS.Timeout {
  const timer = setTimeout(onLate, ms);
  sent.on('socket', socket => {
    if (!socket.connecting) clearTimeout(timer);
    else socket.once('connect', () => clearTimeout(timer));
  });
  return timer;
}

function send(sent: ClientRequest, body: HttpRequest['body'], fail: (error: Error) => void): void {
  if (body === undefined || body instanceof Uint8Array) {
    sent.end(body);
    return;
  }
  const source = body.open();
  source.on('error', fail);
  sent.on('close', () => source.destroy());
  source.pipe(sent);
}

function lengthOf(body: HttpRequest['body']): Record<string, string> {
  if (body === undefined) return {};
  return { 'content-length': String(body.length) };
}
