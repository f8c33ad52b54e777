import { resolve } from 'node:path';
import { PlimsollError } from '../errors.ts';

/** Certificates for TCP: what the engine's is checked by, and what it knows us by. PEM. */
export interface ClientTls {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  /** Take any certificate of the engine. */
  readonly skipVerify?: boolean;
}

/** Where an engine listens. */
export type Endpoint =
  | { readonly kind: 'unix'; readonly address: string; readonly path: string }
  | {
      readonly kind: 'tcp';
      readonly address: string;
      readonly host: string;
      readonly port: number;
      readonly tls?: ClientTls;
    }
  | {
      readonly kind: 'ssh';
      readonly address: string;
      readonly target: string;
      readonly port?: number;
      readonly path?: string;
    };

/**
 * Reads `unix:///PATH`, `tcp://HOST[:PORT]` (2376 with certificates, else 2375; `https://` as well) or
 * `ssh://[USER@]HOST[:PORT][/SOCKET]`, as docker's `-H` takes them. Throws `invalid-argument` (`BAD_ADDRESS`).
 */
export function parseEndpoint(address: string, tls?: ClientTls): Endpoint {
  const [, scheme = '', rest = ''] = /^(?:([a-z]+):\/\/)?(.*)$/s.exec(address) ?? [];
  if (scheme === 'unix' || (scheme === '' && rest.startsWith('/'))) {
    if (!/^\/./.test(rest)) throw bad(address, 'names no socket', 'write unix:///PATH');
    return { kind: 'unix', address: `unix://${rest}`, path: resolve(rest) };
  }
  if (scheme === 'tcp' || scheme === 'http' || scheme === 'https') {
    const url = parseUrl(address);
    const secure = tls ?? (scheme === 'https' ? {} : undefined);
    const port = Number(url.port) || (secure === undefined ? 2375 : 2376);
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    if (host === '') throw bad(address, 'names no host', 'write tcp://HOST:2376');
    return { kind: 'tcp', address, host, port, ...(secure === undefined ? {} : { tls: secure }) };
  }
  if (scheme === 'ssh') {
    const url = parseUrl(address);
    if (url.hostname === '') throw bad(address, 'names no host', 'write ssh://USER@HOST');
    if (url.password !== '')
      throw bad(
        address.replace(/:[^@/]*@/, ':...@'),
        'holds a password, which ssh does not take',
        'use a key',
      );
    const path = url.pathname === '' || url.pathname === '/' ? undefined : url.pathname;
    const target = url.username === '' ? url.hostname : `${decodeURIComponent(url.username)}@${url.hostname}`;
    if (target.startsWith('-')) throw bad(address, 'names no host', 'write ssh://USER@HOST');
    return {
      kind: 'ssh',
      address,
      target,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      ...(path === undefined ? {} : { path }),
    };
  }
  throw bad(address, 'is no way to an engine', 'use unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST');
}

function parseUrl(address: string): URL {
  try {
    return new URL(address.replace(/^(tcp|https?|ssh):/, 'ssh:'));
  } catch {
    throw bad(address, 'is no address', 'use unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST');
  }
}

function bad(address: string, why: string, hint: string): PlimsollError {
  return new PlimsollError('invalid-argument', `"${address}" ${why}`, { code: 'BAD_ADDRESS', hint });
}
