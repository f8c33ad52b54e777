import { rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { type Engine, notifyServiceManager } from '../engine/index.ts';
import { openAuditLog } from './audit-log.ts';
import { readPolicy, restricted } from './authz-policy.ts';
import { createApp } from './create-app.ts';
import { formatAddress, listen, parseAddress } from './listen.ts';

/** How to serve the API. */
export interface ServeOptions {
  /** Where to listen: `unix:///PATH`, `tcp://HOST:PORT`, `fd://`. */
  readonly host: string;
  /** PEM files for TCP: clients need a certificate that this authority signed. */
  readonly tls?: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer } | undefined;
  /** Group that may open the socket, in place of `plimsoll`. */
  readonly group?: string | undefined;
  /** File of what clients may not ask for. */
  readonly policy?: string | undefined;
  /** File that says who did what. */
  readonly audit?: string | undefined;
  /** Of plimsoll, to tell clients. */
  readonly version: string;
  /** Fires when it shall end. */
  readonly signal: AbortSignal;
  /** Told when clients can connect. */
  readonly onReady?: (address: string) => void;
}

/**
 * Opens an engine and serves the Docker Engine API over it until the signal fires. Containers go on without it. What the
 * service manager said to this process is put aside first: opening an engine may start containers.
 */
export async function serveApi(
  open: () => Promise<Engine>,
  { host, version, signal, onReady, tls, group, policy, audit }: ServeOptions,
): Promise<void> {
  const address = parseAddress(host, { tls: tls !== undefined });
  const manager = takeFromServiceManager();
  const engine = await open();
  const limited = policy === undefined ? undefined : restricted(engine, readPolicy(policy));
  const app = createApp(limited?.engine ?? engine, version, {
    tls,
    mayEnter: limited?.mayEnter,
    audit: audit === undefined ? undefined : await openAuditLog(audit),
  });
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await app.ready();
  await listen(app.server, address, group);
  onReady?.(formatAddress(address));
  await notifyServiceManager(manager, 'READY=1');
  const watchdog = keepWatchdog(manager);
  await new Promise<void>(resolve => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  clearInterval(watchdog);
  await tell(manager, 'STOPPING=1');
  if (address.kind === 'unix') rmSync(address.path, { force: true });
  for (const socket of sockets) socket.destroy(); // those that were hijacked, too
  await app.close();
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What systemd has told this process alone, taken out of what its children are told, so that none of them speaks or
 * listens in its stead (sd_notify(3), `unset_environment`).
 */
function takeFromServiceManager(): Environment {
  const names = [
    'NOTIFY_SOCKET',
    'WATCHDOG_USEC',
    'WATCHDOG_PID',
    'LISTEN_PID',
    'LISTEN_FDS',
    'LISTEN_FDNAMES',
  ];
  const taken = Object.fromEntries(names.map(name => [name, process.env[name]]));
  for (const name of names) delete process.env[name];
  return taken;
}

/** Tells systemd's watchdog that this process is alive, twice as often as it asks for. */
function keepWatchdog(manager: Environment): NodeJS.Timeout | undefined {
  const { WATCHDOG_USEC, WATCHDOG_PID } = manager;
  const microseconds = Number(WATCHDOG_USEC);
  if (!(microseconds > 0) || (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(process.pid)))
    return undefined;
  return setInterval(() => void tell(manager, 'WATCHDOG=1'), microseconds / 2000);
}

/** What systemd may miss: it is deaf while it begins itself anew, and that shall not end the daemon. */
async function tell(manager: Environment, state: string): Promise<void> {
  await notifyServiceManager(manager, state).catch(() => {});
}
