import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { dirname, resolve } from 'node:path';
import { caller } from '../engine/index.ts';
import { PlimsollError, withContext } from '../errors.ts';

/** Where an API listens. */
export interface ApiAddress {
  readonly path: string;
}

/** Reads `unix:///PATH`. Throws `invalid-argument`, `not-implemented` for other ways to listen. */
export function parseAddress(text: string): ApiAddress {
  const [, scheme = '', rest = ''] = /^(?:(\w+):\/\/)?(.*)$/s.exec(text) ?? [];
  if (scheme !== 'unix' && scheme !== '') {
    throw new PlimsollError('not-implemented', `the API does not listen on "${text}"`, {
      code: 'BAD_ADDRESS',
      hint: 'it listens on a socket: unix:///run/plimsoll.sock',
    });
  }
  if (rest === '' || rest.includes('\0')) {
    throw new PlimsollError('invalid-argument', `"${text}" names no socket`, {
      code: 'BAD_ADDRESS',
      hint: 'as in unix:///run/plimsoll.sock',
    });
  }
  return { path: resolve(rest) };
}

/**
 * Listens on a socket that only its owner and the group `plimsoll` (where there is one) can open: it is as good as root.
 * A socket that nobody answers at any more is replaced; one that somebody does is `conflict` (`ADDRESS_IN_USE`).
 */
export async function listen(server: Server, { path }: ApiAddress): Promise<void> {
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
  const group = groupId('plimsoll');
  if (group !== undefined && !caller().rootless) chownSync(path, 0, group);
  chmodSync(path, 0o660);
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
