import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import manifest from '../../../package.json' with { type: 'json' };
import { errnoOf, PlimsollError } from '../../errors.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';

/**
 * `system dial-stdio`: joins input and output with an engine's API, as clients ask for it over ssh. Where no daemon
 * serves it this process does, for as long as its client stays.
 */
export function configureDialStdio(command: Command, cli: Cli): void {
  examples(command, 'ssh ship plimsoll system dial-stdio').action(async () => {
    const target = cli.target();
    if (target !== undefined && !target.address.startsWith('unix://'))
      throw new PlimsollError('invalid-argument', `"${target.address}" is no socket of this machine`, {
        code: 'BAD_ADDRESS',
        hint: 'dial-stdio joins sockets only: unset DOCKER_HOST, or give --host unix:///PATH',
      });
    const path = target?.address.slice('unix://'.length) ?? join((await cli.root()).runDir, 'docker.sock');
    const socket = await dial(path);
    if (socket !== undefined) return await joinStdio(cli, socket);
    if (target === undefined) return await serveOne(cli);
    throw new PlimsollError('unavailable', `nobody listens on "${path}"`, {
      code: 'ENGINE_UNREACHABLE',
      hint: 'start the engine whose socket it is',
    });
  });
}

/** Serves the engine to this one client, over a socket that nobody else can reach. */
async function serveOne(cli: Cli): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-dial-'));
  const path = join(folder, 'api.sock');
  const gone = new AbortController();
  try {
    const ready = Promise.withResolvers<void>();
    const served = cli.serveApi(() => cli.ownEngine(), {
      host: `unix://${path}`,
      version: manifest.version,
      signal: AbortSignal.any([cli.signal, gone.signal]),
      onReady: () => ready.resolve(),
    });
    await Promise.race([ready.promise, served]);
    const socket = await dial(path);
    rmSync(folder, { recursive: true, force: true }); // nobody else comes; this process may be killed at any moment
    if (socket !== undefined) await joinStdio(cli, socket);
    gone.abort();
    await served;
  } finally {
    gone.abort();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Undefined: nobody listens there. */
async function dial(path: string): Promise<Socket | undefined> {
  const socket = connect({ path, allowHalfOpen: true });
  try {
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return socket;
  } catch (error) {
    if (['ENOENT', 'ECONNREFUSED'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

async function joinStdio(cli: Cli, socket: Socket): Promise<void> {
  const output = cli.stdout as unknown as NodeJS.WritableStream;
  await Promise.all([pipeline(cli.stdin, socket), pipeline(socket, output, { end: false })]);
}
