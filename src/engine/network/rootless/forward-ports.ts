import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import {
  type BindSocket,
  enterNetworkNamespace,
  foreignAddresses,
  type Native,
  preloadNative,
} from '../../kernel/index.ts';
import { parseIpv4 } from '../ipv4.ts';
import { parseIpv6 } from '../ipv6.ts';
import { leadAnswersBack } from './client-address.ts';
import { createStreamThread, type StreamThread } from './stream-thread.ts';

/** A port of the machine, and where in the user's network it leads. */
export interface Forward {
  readonly protocol: 'tcp' | 'udp';
  readonly hostAddress: string;
  readonly hostPort: number;
  readonly address: string;
  /** The container's address of IPv6, for clients that can be seen by their own. */
  readonly address6?: string;
  readonly port: number;
}

/** Takes connections and datagrams at ports of the machine, and hands them on in the network where containers are reached. */
export interface PortForwarder {
  /**
   * Opens ports of a container in place of those that it had: all of them, or none. Rejects with the system's error.
   * No forwards: closes what is open, and breaks the connections.
   */
  set(container: string, forwards: readonly Forward[]): Promise<void>;
  /** Nothing is open, nor about to be. */
  isIdle(): boolean;
}

/**
 * Goes to the network namespace at `namespace` for good. Connections are made there, those of TCP by a thread that is
 * started from here; the sockets that listen are of the machine's network, which an ordinary user cannot come back to,
 * but whose ports may be used.
 *
 * `showsClients`: containers see the addresses of their clients by the kind of IP that these came by, for which the
 * namespace is given rules of its own. Where it cannot have them, as without it, or where the container has no address of
 * that kind, they see an address of that namespace in their place.
 */
export async function createPortForwarder(
  namespace: string,
  { showsClients = false }: { readonly showsClients?: boolean } = {},
): Promise<PortForwarder> {
  const bind = await enterNetworkNamespace(namespace);
  const answersComeBack = showsClients ? await leadAnswersBack() : [];
  const native = await preloadNative();
  const keepsAddress = foreignAddresses('plb', answersComeBack);
  const socketTo = (forward: Forward, client: string) =>
    openInside(native, bytesOf(client), forward, keepsAddress);
  const opened = new Map<string, readonly Close[]>();
  const streams = createStreamThread({ answersComeBack });
  let changing = 0;
  const close = async (container: string) => {
    const open = opened.get(container) ?? [];
    opened.delete(container);
    await Promise.all(open.map(each => each()));
  };
  const set = async (container: string, forwards: readonly Forward[]) => {
    await close(container);
    const results = await Promise.allSettled(
      forwards.map(forward =>
        forward.protocol === 'udp'
          ? takeUdp(bind, client => socketTo(forward, client), forward)
          : takeTcp(bind, streams, forward),
      ),
    );
    const made = results.filter(result => result.status === 'fulfilled').map(({ value }) => value);
    if (made.length > 0) opened.set(container, made);
    const failed = results.find(result => result.status === 'rejected');
    if (failed === undefined) return;
    await close(container);
    throw failed.reason;
  };
  return {
    async set(container, forwards) {
      changing++;
      try {
        await set(container, forwards);
      } finally {
        changing--;
      }
    },
    isIdle: () => opened.size === 0 && changing === 0,
  };
}

type Close = () => Promise<void>;

async function takeTcp(
  bind: BindSocket,
  streams: StreamThread,
  { hostAddress, hostPort, address, address6, port }: Forward,
): Promise<Close> {
  const listener = await bind('tcp', bytesOf(hostAddress), hostPort);
  const to = {
    address: bytesOf(address),
    ...(address6 === undefined ? {} : { address6: bytesOf(address6) }),
  };
  return await streams.open({ listener, ...to, port });
}

/** How long nothing may come before a client of UDP is forgotten; as the kernel's own translation does it. */
const quietMs = 60_000;

async function takeUdp(
  bind: BindSocket,
  socketOf: (client: string) => Inside,
  { hostAddress, hostPort, port }: Forward,
): Promise<Close> {
  const outside = createSocket(isIPv6(hostAddress) ? 'udp6' : 'udp4');
  const clients = new Map<string, Inside & { readonly forget: () => void; timer: NodeJS.Timeout }>();
  outside.on('message', (data, from) => {
    const key = `${from.address} ${from.port}`;
    const client = clients.get(key) ?? meet(from, key);
    client.timer.refresh();
    client.inside.send(data, port, client.to);
  });
  const meet = (from: { readonly address: string; readonly port: number }, key: string) => {
    const { inside, to } = socketOf(from.address);
    const forget = () => {
      clearTimeout(client.timer);
      clients.delete(key);
      inside.close();
    };
    const client = { inside: inside.unref(), to, forget, timer: setTimeout(() => forget(), quietMs).unref() };
    inside.on('error', () => {}); // nobody listens there: as if it were lost
    inside.on('message', data => {
      client.timer.refresh();
      outside.send(data, from.port, from.address);
    });
    clients.set(key, client);
    return client;
  };
  const close = async () => {
    outside.close();
    for (const { forget } of clients.values()) forget();
  };
  const fd = await bind('udp', bytesOf(hostAddress), hostPort);
  return await new Promise((resolve, reject) => {
    outside.once('error', reject);
    outside.bind({ fd }, () => {
      outside.off('error', reject);
      outside.on('error', () => {}); // a client that is gone
      resolve(close);
    });
  });
}

/** A socket to speak to a container by, and which address of the container. */
interface Inside {
  readonly inside: UdpSocket;
  readonly to: string;
}

/** By the client's own address, or by one of this network where that cannot be. */
function openInside(
  native: Native,
  client: Uint8Array,
  { address, address6 }: Forward,
  keepsAddress: (client: Uint8Array) => boolean,
): Inside {
  const socketTo = (to: string) => createSocket(isIPv6(to) ? 'udp6' : 'udp4');
  const alike = [address, address6].find(
    each => each !== undefined && bytesOf(each).length === client.length,
  );
  if (alike !== undefined && keepsAddress(client)) {
    try {
      return { inside: socketTo(alike).bind({ fd: native.transparentSocket(client) }), to: alike };
    } catch {} // then by one that it is bound to when it sends
  }
  return { inside: socketTo(address), to: address };
}

/** An address as it is on the wire. */
function bytesOf(address: string): Uint8Array {
  if (!isIPv6(address)) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(parseIpv4(address) ?? 0);
    return bytes;
  }
  return Buffer.from((parseIpv6(address) ?? 0n).toString(16).padStart(32, '0'), 'hex');
}
