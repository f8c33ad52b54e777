import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlimsollError, throwIfAborted } from '../../../../errors.ts';
import { commandError, runOrThrow, start } from '../../../kernel/index.ts';

/** An agent that runs already, or keys for one of the build's own. */
export type SshSource = { readonly socket: string } | { readonly keys: readonly string[] };

/** The ssh agents of a build by id. */
export interface SshAgents extends AsyncDisposable {
  /** The agent's socket; undefined if nobody gave that agent. */
  socket(id: string, signal: AbortSignal | undefined): Promise<string | undefined>;
}

/** Agents as a caller gave them; one for keys is started in `folder` when it is asked for, and ends with the build. */
export function sshAgents(
  sources: Readonly<Record<string, SshSource>>,
  folder: () => Promise<string>,
): SshAgents {
  const started = new Map<string, Promise<string>>();
  const stack = new AsyncDisposableStack();
  return {
    socket: async (id, signal) => {
      const source = Object.hasOwn(sources, id) ? sources[id] : undefined;
      if (source === undefined) return undefined;
      if ('socket' in source) return checked(id, source.socket);
      const known = started.get(id);
      if (known !== undefined) return await known;
      const starting = startAgent(source.keys, join(await folder(), `${started.size}`), stack, signal);
      started.set(id, starting);
      return await starting;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function checked(id: string, socket: string): string {
  if (existsSync(socket)) return socket;
  throw new PlimsollError('not-found', `the socket "${socket}" of the ssh agent "${id}" does not exist`, {
    code: 'SSH_AGENT_MISSING',
    hint: 'start an agent with ssh-agent, add a key with ssh-add, and check SSH_AUTH_SOCK',
  });
}

async function startAgent(
  keys: readonly string[],
  socket: string,
  stack: AsyncDisposableStack,
  signal: AbortSignal | undefined,
): Promise<string> {
  const agent = start('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  let failure: Error | undefined;
  agent.on('error', error => {
    failure = commandError('ssh-agent', error);
  });
  const ended = new Promise<void>(resolve => agent.on('exit', () => resolve()));
  stack.defer(async () => {
    if (agent.kill('SIGTERM')) await ended;
  });
  while (!existsSync(socket)) {
    await sleep(5);
    throwIfAborted(signal, 'starting an ssh agent');
    if (failure !== undefined) throw failure;
    if (agent.exitCode !== null) throw new Error(`ssh-agent ended with code ${agent.exitCode}`);
  }
  const env = { ...process.env, SSH_AUTH_SOCK: socket, SSH_ASKPASS_REQUIRE: 'never' };
  await runOrThrow('ssh-add', ['-q', ...keys], { env, input: '' });
  return socket;
}
