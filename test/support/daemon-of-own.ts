import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { findTool, toolFolders } from '../../src/engine/doctor/host-tools.ts';
import { type ContractProxy, contractProxy } from './contract-proxy.ts';
import { noEngine, rootOfOwn } from './root-of-own.ts';

const launcher = resolve(import.meta.dirname, '../../bin/plimsoll');

/** What a program has printed, and its exit code. */
export interface Done {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `plimsoll daemon` on a root of its own, with a busybox image, behind a proxy that checks its answers. */
export interface DaemonOfOwn extends AsyncDisposable {
  readonly folder: string;
  readonly pid: number;
  /** Kills it, and starts another in its place. */
  killAndRestart(): Promise<void>;
  /** The address of its inspector, if it has one. */
  readonly inspector: string | undefined;
  /** The daemon's own socket, and that of the proxy before it. */
  readonly socket: string;
  readonly proxied: string;
  readonly proxy: ContractProxy;
  /** Runs one command line of plimsoll on the same root. */
  plimsoll(...args: string[]): Promise<Done>;
  /** Runs any other program to its end. */
  run(program: string, args: readonly string[]): Promise<Done>;
  /** Runs docker's client on the proxy. */
  docker(client: string, args: readonly string[], input?: string): Promise<Done>;
}

/** Docker's clients on this machine, each once. */
export const dockerClients: readonly string[] = [
  ...new Set(
    toolFolders(process.env.PATH).flatMap(folder => {
      const tool = {
        name: 'docker',
        commands: ['docker'],
        needed: 'optional',
        for: 'test',
        purpose: '',
        packages: {},
      };
      return (findTool(tool as Parameters<typeof findTool>[0], [folder]) ?? []).map(path =>
        realpathSync(path),
      );
    }),
  ),
];

/** Why docker's client cannot be driven here; false if it can. */
export const noDocker: string | false =
  noEngine || (dockerClients.length > 0 ? false : "needs docker's client: apt-get install docker.io");

/** How to start a daemon: with further words; with an inspector, to look at its heap. */
export interface DaemonOptions {
  readonly words?: readonly string[];
  readonly inspected?: boolean;
}

/** Starts a daemon, and waits until clients can connect. */
export async function daemonOfOwn({ words = [], inspected }: DaemonOptions = {}): Promise<DaemonOfOwn> {
  const own = await rootOfOwn();
  const { root, folder } = own;
  const [socket, proxied] = [join(folder, 'daemon.sock'), join(folder, 'proxy.sock')];
  const begin = async () => {
    const child = spawn(launcher, ['--root', root.dataDir, 'daemon', '-H', `unix://${socket}`, ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(inspected ? { env: { ...process.env, NODE_OPTIONS: '--inspect=127.0.0.1:0' } } : {}),
    });
    return { child, exited: once(child, 'exit'), said: await untilServing(child.stderr) };
  };
  const end = async (signal: NodeJS.Signals) => {
    running.child.kill(signal);
    await running.exited;
  };
  let running = await begin();
  const proxy = await contractProxy(proxied, socket);
  return {
    folder,
    get pid() {
      return running.child.pid ?? 0;
    },
    inspector: /ws:\/\/\S+/.exec(running.said)?.[0],
    socket,
    proxied,
    proxy,
    async killAndRestart() {
      await end('SIGKILL');
      running = await begin();
    },
    plimsoll: (...args) => run(launcher, ['--root', root.dataDir, ...args]),
    run: (program, args) => run(program, args),
    docker: (client, args, input) => run(client, ['-H', `unix://${proxied}`, ...args], { input, folder }),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await end('SIGTERM');
      await own[Symbol.asyncDispose]();
    },
  };
}

/** What it has said by the time that it serves. */
async function untilServing(stderr: Readable): Promise<string> {
  let said = '';
  for await (const chunk of stderr.iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    if (!said.includes('Docker API on ')) continue;
    stderr.resume();
    return said;
  }
  throw new Error(`the daemon does not serve: ${said}`);
}

function run(
  program: string,
  args: readonly string[],
  { input, folder }: { input?: string | undefined; folder?: string } = {},
): Promise<Done> {
  const env = {
    ...process.env,
    ...(folder === undefined ? {} : { DOCKER_CONFIG: join(folder, 'docker') }),
    DOCKER_BUILDKIT: '0',
  };
  return new Promise(done => {
    const child = execFile(program, [...args], { env, timeout: 240_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
      done({ code, stdout, stderr });
    });
    child.stdin?.on('error', () => {}); // it may end before its input does
    child.stdin?.end(input ?? '');
  });
}
