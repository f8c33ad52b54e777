import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { closeSync, openSync } from 'node:fs';
import { connect, createServer, isIPv6, type Socket } from 'node:net';
import { errnoOf } from '../../../errors.ts';
import { enterNetworkNamespace } from '../../kernel/index.ts';

/** A port of the machine, and where in the user's network it leads. */
export interface Forward {
  readonly protocol: 'tcp' | 'udp';
  readonly hostAddress: string;
  readonly hostPort: number;
  readonly address: string;
  readonly port: number;
}

/**
 * Takes connections and datagrams at ports of the machine, and hands them on in the network namespace at `namespace`.
 * Resolves when all ports are bound, with what closes them; they are served until then. Rejects with the system's error.
 * Sockets keep the network that they were made in: so first it binds, and then moves.
 */
export async function forwardPorts(namespace: string, forwards: readonly Forward[]): Promise<Disposable> {
  const opened = await Promise.all(
    forwards.map(forward => (forward.protocol === 'udp' ? takeUdp : takeTcp)(forward)),
  );
  const there = openSync(namespace, 'r');
  await enterNetworkNamespace(there);
  closeSync(there);
  return {
    [Symbol.dispose]() {
      for (const close of opened) close();
    },
  };
}

type Close = () => void;

function takeTcp({ hostAddress, hostPort, address, port }: Forward): Promise<Close> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, client => {
    const inside = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
    join(client, inside);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const where = { host: hostAddress, port: hostPort, backlog: 4096, ipv6Only: isIPv6(hostAddress) };
    server.listen(where, () => resolve(() => server.close()));
  });
}

/** Each end hears of the other's, and a connection that breaks on one side is reset on the other. */
function join(client: Socket, inside: Socket): void {
  client.pipe(inside);
  inside.pipe(client);
  client.on('error', () => inside.resetAndDestroy());
  inside.on('error', () => client.resetAndDestroy());
}

/** How long nothing may come before a client of UDP is forgotten; as the kernel's own translation does it. */
const quietMs = 60_000;

function takeUdp({ hostAddress, hostPort, address, port }: Forward): Promise<Close> {
  const isV6 = isIPv6(hostAddress);
  const outside = createSocket({ type: isV6 ? 'udp6' : 'udp4', ipv6Only: isV6 });
  const clients = new Map<string, { readonly inside: UdpSocket; readonly timer: NodeJS.Timeout }>();
  outside.on('message', (data, from) => {
    const key = `${from.address} ${from.port}`;
    const known = clients.get(key);
    const client = known ?? meet(from, key);
    client.timer.refresh();
    client.inside.send(data, port, address);
  });
  const meet = (from: { readonly address: string; readonly port: number }, key: string) => {
    const inside = createSocket('udp4');
    const forget = () => {
      clients.delete(key);
      inside.close();
    };
    const client = { inside: inside.unref(), timer: setTimeout(forget, quietMs).unref() };
    inside.on('error', () => {}); // nobody listens there: as if it were lost
    inside.on('message', data => {
      client.timer.refresh();
      outside.send(data, from.port, from.address);
    });
    clients.set(key, client);
    return client;
  };
  return new Promise((resolve, reject) => {
    outside.once('error', reject);
    outside.bind({ address: hostAddress, port: hostPort, exclusive: true }, () => {
      outside.off('error', reject);
      outside.on('error', () => {}); // a client that is gone
      resolve(() => outside.close());
    });
  });
}

/** What the process prints when it is ready, or instead. */
export function forwardReport(error?: unknown): string {
  return `${error === undefined ? 'ready' : (errnoOf(error) ?? String(error))}\n`;
}
