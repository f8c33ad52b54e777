import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect, isIP } from 'node:net';
import { dirname, resolve } from 'node:path';
import { caller } from '../engine/index.ts';
import { PlimsollError, withContext } from '../errors.ts';

/** Where an API listens. */
export type ApiAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /** A socket that systemd opened, and handed over (sd_listen_fds(3)). */
  | { readonly kind: 'handed'; readonly fd: number };

/** The first descriptor that systemd hands over. */
const firstHanded = 3;

/**
 * Reads `unix:///PATH`, `tcp://HOST:PORT` or `fd://`. TCP without certificates is as good as root for everybody who
 * reaches it: it is refused but on loopback. Throws `invalid-argument` (`BAD_ADDRESS`, `TLS_NEEDED`).
 */
export function parseAddress(text: string, { tls }: { readonly tls: boolean }): ApiAddress {
  const [, scheme = '', rest = ''] = /^(?:(\w+):\/\/)?(.*)$/s.exec(text) ?? [];
  if (scheme === 'tcp') return parseTcp(text, rest, tls);
  if (tls) throw badAddress(`"${text}" takes no certificates`, 'they are for tcp://HOST:2376');
  if (scheme === 'fd') return { kind: 'handed', fd: handedSocket() };
  if (scheme !== 'unix' && scheme !== '')
    throw badAddress(`the API does not listen on "${text}"`, 'use unix:///PATH, tcp://HOST:PORT or fd://');
  if (rest === '' || rest.includes('\0'))
    throw badAddress(`"${text}" names no socket`, 'as in unix:///run/plimsoll.sock');
  return { kind: 'unix', path: resolve(rest) };
}

/** The same, as it is written. */
export function formatAddress(address: ApiAddress): string {
  if (address.kind === 'unix') return `unix://${address.path}`;
  if (address.kind === 'handed') return `fd://${address.fd}`;
  return `tcp://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

function parseTcp(text: string, rest: string, tls: boolean): ApiAddress {
  const [, host = '', digits] = /^(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i.exec(rest) ?? [];
  const port = Number(digits ?? (tls ? 2376 : 2375));
  if (host === '' || port > 65_535) throw badAddress(`"${text}" is no address`, 'as in tcp://127.0.0.1:2375');
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const isLoopback = bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
  if (tls || isLoopback) return { kind: 'tcp', host: bare, port };
  throw new PlimsollError(
    'invalid-argument',
    `whoever reaches "${text}" would be root: TCP is served with certificates, or on loopback`,
    { code: 'TLS_NEEDED', hint: 'add --tlsverify --tlscacert FILE --tlscert FILE --tlskey FILE' },
  );
}

function handedSocket(): number {
  const { LISTEN_PID, LISTEN_FDS } = process.env;
  if (LISTEN_PID === String(process.pid) && Number(LISTEN_FDS) >= 1) return firstHanded;
  throw badAddress('no socket was handed over', 'fd:// is for socket units of systemd');
}

/**
 * Listens. A unix socket only its owner and the group `plimsoll` (or the one that is named) can open: it is as good as
 * root. One that nobody answers at any more is replaced; one that somebody does is `conflict` (`ADDRESS_IN_USE`).
 */
export async function listen(server: Server, address: ApiAddress, group = 'plimsoll'): Promise<void> {
  if (address.kind === 'unix') return await listenOnSocket(server, address.path, group);
  try {
    await new Promise<void>((done, fail) => {
      server.once('error', fail);
      if (address.kind === 'handed') server.listen({ fd: address.fd }, done);
      else server.listen({ host: address.host, port: address.port, backlog: 4096 }, done);
    });
  } catch (error) {
    throw withContext(`cannot listen on "${formatAddress(address)}"`, error);
  }
}

async function listenOnSocket(server: Server, path: string, group: string): Promise<void> {
  await clearAway(path);
  if (!existsSync(dirname(path))) mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const before = process.umask(0o117);
  try {
    await new Promise<void>((done, fail) => {
      server.once('error', fail);
      server.listen({ path, backlog: 4096 }, done); // binds before it returns
      process.umask(before);
    });
  } catch (error) {
    throw withContext(`cannot listen on "${path}"`, error);
  } finally {
    process.umask(before);
  }
  const id = groupId(group);
  if (id !== undefined && !caller().rootless) chownSync(path, 0, id);
  chmodSync(path, 0o660);
}

function badAddress(message: string, hint: string): PlimsollError {
  return new PlimsollError('invalid-argument', message, { code: 'BAD_ADDRESS', hint });
}

async function clearAway(path: string): Promise<void> {
  if (!existsSync(path)) return;
  if (!lstatSync(path).isSocket()) throw inUse(path, 'is no socket');
  if (await answers(path)) throw inUse(path, 'is in use: an API listens there');
  rmSync(path, { force: true });
}

function answers(path: string): Promise<boolean> {
  return new Promise(done => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}

function groupId(name: string): number | undefined {
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find(each => each.startsWith(`${name}:`));
  const id = Number(line?.split(':')[2]);
  return Number.isInteger(id) ? id : undefined;
}

function inUse(path: string, why: string): PlimsollError {
  return new PlimsollError('conflict', `"${path}" ${why}`, {
    code: 'ADDRESS_IN_USE',
    hint: 'give another one with --host unix:///PATH',
  });
}
