import type { IncomingMessage } from 'node:http';
import { Agent } from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { connect as connectSecurely } from 'node:tls';
import { inspect } from 'node:util';
import Modem from 'docker-modem';
import { PlimsollError } from '../errors.ts';
import { clientError } from './client-errors.ts';
import type { Endpoint } from './endpoint.ts';
import { sshAgent } from './ssh-agent.ts';
import { SshWay } from './ssh-way.ts';

/** One request to an engine's API; the path has no version. */
export interface ApiRequest {
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  readonly body?: object;
  /** In place of `body`: bytes as they come. */
  readonly file?: Readable;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';

/** An engine's API. Everything rejects with a `PlimsollError`: what the engine said, or `unavailable`. */
export interface ApiClient extends Disposable {
  readonly endpoint: Endpoint;
  /** Minor version of API 1.x that both sides speak; 0 before `negotiate`. */
  minor(): number;
  /** What the engine says of itself. */
  negotiate(): Promise<unknown>;
  /** The parsed JSON of the answer, undefined where it has none. */
  json(method: Method, path: string, request?: ApiRequest): Promise<unknown>;
  /** The answer as it comes; read it to its end or destroy it. */
  stream(method: Method, path: string, request?: ApiRequest): Promise<IncomingMessage>;
  /** What a command prints on the engine's machine; undefined where there is no way to run any, or it fails. */
  read(command: string, signal: AbortSignal): Promise<string | undefined>;
  /** The connection itself, both ways, after the engine has switched to it. */
  hijack(path: string, request?: ApiRequest): Promise<Duplex>;
}

/** The newest minor version of the API that we know, and the oldest. */
const newestMinor = 51;
const oldestMinor = 24;
const fine = Object.fromEntries([101, 200, 201, 202, 204, 304].map(status => [status, true]));

/** A client of the Docker Engine API over docker-modem. Opens no connection yet. */
export function createApiClient(endpoint: Endpoint): ApiClient {
  const way = connectionsTo(endpoint);
  const modem = createModem(endpoint, way.agent);
  const queue = createModem(endpoint, way.few);
  let minor = 0;
  const dial = (options: { readonly path: string }, signal: AbortSignal | undefined, by = modem) =>
    new Promise<unknown>((resolve, reject) => {
      by.dial({ statusCodes: fine, ...options }, (error, result) => {
        if (error) reject(clientError(error, { address: endpoint.address, signal }));
        else resolve(result);
      });
    });
  const send = async (
    by: typeof modem,
    [method, path]: readonly [Method, string],
    { query = {}, body, file, headers, signal }: ApiRequest,
  ) => {
    const options = {
      method,
      isStream: true,
      path: `${path}?`,
      options: { _query: clean(query), _body: body ?? {} },
      ...(file === undefined ? {} : { file }),
      ...(headers === undefined ? {} : { headers: { ...headers } }),
      ...(signal === undefined ? {} : { abortSignal: signal }),
    };
    const answer = (await dial(options, signal, by)) as IncomingMessage;
    if (method === 'HEAD' || answer.statusCode === 204 || answer.statusCode === 304) answer.resume();
    return answer;
  };
  const client: ApiClient = {
    endpoint,
    minor: () => minor,
    async negotiate() {
      modem.version = queue.version = undefined;
      const version = await client.json('GET', '/version');
      const { ApiVersion = '1.24', MinAPIVersion } = version as {
        ApiVersion?: string;
        MinAPIVersion?: string;
      };
      const theirs = Number(ApiVersion.split('.')[1]);
      // As docker's client: a version that is asked for is spoken, where both know it.
      const [, wanted] = /^1\.(\d+)$/.exec(process.env.DOCKER_API_VERSION ?? '') ?? [];
      minor = Math.min(newestMinor, theirs, Number(wanted ?? newestMinor));
      if (Number(MinAPIVersion?.split('.')[1] ?? 0) > newestMinor || minor < oldestMinor) {
        throw new PlimsollError(
          'not-implemented',
          `the engine speaks API ${ApiVersion}, which is not known here`,
          {
            code: 'API_VERSION',
            hint: `versions 1.${oldestMinor} to 1.${newestMinor} are`,
          },
        );
      }
      modem.version = queue.version = `v1.${minor}`;
      return version;
    },
    async json(method, path, request = {}) {
      const answer = await send(method === 'GET' ? queue : modem, [method, path], request);
      try {
        const chunks = await Array.fromAsync(answer as AsyncIterable<Buffer>);
        const text = Buffer.concat(chunks).toString();
        return text.trim() === '' ? undefined : (JSON.parse(text) as unknown);
      } catch (error) {
        throw clientError(error, { address: endpoint.address, signal: request.signal });
      }
    },
    stream: async (method, path, request = {}) => await send(modem, [method, path], request),
    async hijack(path, { query = {}, body, signal } = {}) {
      const options = {
        method: 'POST',
        path: `${path}?`,
        hijack: true,
        openStdin: true,
        isStream: true,
        options: { _query: clean(query), _body: body ?? {} },
        // Without a body, not even the head would be sent before the first input.
        ...(body === undefined ? { file: Buffer.alloc(0), headers: { 'Content-Type': 'text/plain' } } : {}),
      };
      const stream = (await dial(options, signal)) as Duplex;
      stream.on('error', () => {}); // told to who reads it
      signal?.addEventListener('abort', () => stream.destroy(), { once: true });
      return stream;
    },
    read: async (command, signal) => await way.read?.(command, signal),
    [Symbol.dispose]() {
      way[Symbol.dispose]();
    },
  };
  return client;
}

function clean(query: NonNullable<ApiRequest['query']>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
}

/** Connections for short questions through ssh, each of which is a process on either side; more of them wait. */
const fewSockets = 6;

interface Connections extends Disposable {
  readonly agent: Agent;
  /** For what is answered at once. */
  readonly few: Agent;
  readonly read?: ApiClient['read'];
}

/** Connections are ours to make, whatever the library takes the address for. */
function connectionsTo(endpoint: Endpoint): Connections {
  if (endpoint.kind === 'ssh') {
    const way = new SshWay(endpoint);
    const [agent, few] = [sshAgent(endpoint, way, Infinity), sshAgent(endpoint, way, fewSockets)];
    for (const each of [agent, few]) describeBriefly(each);
    return {
      ...{ agent, few },
      read: (command, signal) => way.read(command, signal),
      [Symbol.dispose]() {
        for (const each of [agent, few]) each.destroy();
        way[Symbol.dispose]();
      },
    };
  }
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 16 });
  agent.createConnection = () => connectTo(endpoint);
  describeBriefly(agent);
  return { agent, few: agent, [Symbol.dispose]: () => agent.destroy() };
}

/**
 * With each request the library writes out all that it has, for a log that nobody reads: the agent with all connections
 * and requests that wait, which for some hundred at once took seconds.
 */
function describeBriefly(agent: Agent): void {
  Object.defineProperty(agent, inspect.custom, { value: () => 'connections' });
}

function connectTo(endpoint: Exclude<Endpoint, { kind: 'ssh' }>): Socket {
  if (endpoint.kind === 'unix') return connect({ path: endpoint.path });
  const { host, port, tls } = endpoint;
  if (tls === undefined) return connect({ host, port });
  const { ca, cert, key, skipVerify } = tls;
  return connectSecurely({
    host,
    port,
    rejectUnauthorized: skipVerify !== true,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
}

/**
 * The library would take an address from DOCKER_HOST, and parse one by means that Node warns of: it is told of a socket,
 * whose connections the agent makes.
 */
function createModem(endpoint: Endpoint, agent: Agent): Modem & { version: string | undefined } {
  const { DOCKER_HOST } = process.env;
  delete process.env.DOCKER_HOST;
  try {
    const socketPath = endpoint.kind === 'unix' ? endpoint.path : endpoint.address;
    return new Modem({ agent, socketPath }) as Modem & { version: string | undefined };
  } finally {
    if (DOCKER_HOST !== undefined) process.env.DOCKER_HOST = DOCKER_HOST;
  }
}
