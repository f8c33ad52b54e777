import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  adopt,
  findInFolders,
  identify,
  isAlive,
  type ProcessIdentity,
  replaceFile,
  start,
  withLock,
} from '../kernel/index.ts';
import type { Root } from '../store/index.ts';
import { type DnsEntry, formatDnsConfig, parseDnsConfig } from './dns-config.ts';
import { inNetwork } from './rootless/in-network.ts';
import { userNetwork } from './rootless/place.ts';
import { resolvConfOf } from './rootless/uplink.ts';

/** Answers names of containers on the gateways of a root's networks. One process serves all of them. */
export interface NameServer {
  /** Changes a network's names and sees that the server runs. False: there is none, and there will be no names. */
  update(
    network: string,
    gateway: string,
    change: (entries: readonly DnsEntry[]) => DnsEntry[],
  ): Promise<boolean>;
  /** Forgets a network that nobody is on. */
  forget(network: string): Promise<void>;
  isRunning(): boolean;
  /** Starts it again, if it has names to serve and is dead. */
  revive(): Promise<void>;
  /** Ends the server, also one whose pid file is gone, and forgets all names. */
  stop(): Promise<void>;
}

/** Where distributions put aardvark-dns, which is on nobody's PATH. */
const folders = [
  '/usr/lib/podman',
  '/usr/libexec/podman',
  '/usr/local/libexec/podman',
  '/usr/local/lib/podman',
];

/**
 * The name server of a root: aardvark-dns, driven by files under RUN/dns and SIGHUP. It outlives its caller, is
 * known by its pid file and that folder in its command line, and is started again when it is found dead.
 */
export function createNameServer(root: Root, env: NodeJS.ProcessEnv = process.env): NameServer {
  const folder = join(root.runDir, 'dns');
  const lock = join(root.runDir, 'locks', 'dns');
  return {
    update: (network, gateway, change) =>
      withLock(lock, async () => {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        const file = join(folder, network);
        const before = readText(file);
        const entries = change(parseDnsConfig(before));
        const after = formatDnsConfig(gateway, entries);
        if (after !== before) replaceFile(file, after);
        const running = findRunning(folder);
        if (running === undefined) return await launch(root, folder, env);
        if (after !== before) process.kill(running.pid, 'SIGHUP');
        return true;
      }),
    forget: network =>
      withLock(lock, async () => {
        rmSync(join(folder, network), { force: true });
        const running = findRunning(folder);
        if (running !== undefined) process.kill(running.pid, 'SIGHUP');
      }),
    isRunning: () => findRunning(folder) !== undefined,
    async revive() {
      if (findRunning(folder) !== undefined || !existsSync(folder)) return;
      await withLock(lock, async () => {
        if (findRunning(folder) === undefined) await launch(root, folder, env);
      });
    },
    stop: () =>
      withLock(lock, async () => {
        const running = findRunning(folder);
        for (const server of running === undefined ? findByCommandLine(folder) : [running]) await end(server);
        rmSync(folder, { recursive: true, force: true });
      }),
  };
}

/** Path of aardvark-dns, or undefined if it is not installed. */
export function findNameServer(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const candidates = [...(env.PATH ?? '').split(':').filter(Boolean), ...folders];
  return findInFolders('aardvark-dns', candidates);
}

/** Newer versions fork at once: so the process is adopted while it is still a shell that waits for a line. */
async function launch(root: Root, folder: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const program = findNameServer(env);
  if (program === undefined) return false;
  const log = openSync(join(folder, '..', 'dns.log'), 'w', 0o600);
  const server = [program, '--config', folder, '--port', '53', 'run'];
  const waiting = ['/bin/sh', '-c', 'read -r _ && exec "$@" </dev/null', 'sh', ...server] as const;
  const [command, ...args] = inNetwork(withResolvConf(waiting));
  const child = start(command, args, {
    cwd: '/',
    detached: true,
    stdio: ['pipe', log, log],
  });
  closeSync(log);
  child.unref();
  child.stdin?.on('error', () => {}); // its exit code tells
  if (child.pid !== undefined) await adopt(root.id, child.pid);
  child.stdin?.end('\n');
  let failed = false;
  child.once('error', () => {
    failed = true;
  });
  // Newer versions fork and leave; all of them write their pid once they listen.
  for (let waited = 0; waited < 1000 && !failed; waited += 5) {
    if (findRunning(folder) !== undefined) return true;
    if (child.exitCode !== null && child.exitCode !== 0) return false;
    await sleep(5);
  }
  return false;
}

/** In a user's network the machine's name server has another address than its own resolv.conf says. */
function withResolvConf(command: readonly [string, ...string[]]): readonly [string, ...string[]] {
  const file = userNetwork === undefined ? undefined : resolvConfOf(userNetwork);
  if (file === undefined) return command;
  const script = 'mount --bind "$1" /etc/resolv.conf; shift; exec "$@"';
  return ['unshare', '--mount', '/bin/sh', '-c', script, 'sh', file, ...command];
}

/** It keeps nothing that it would have to save. */
async function end(running: ProcessIdentity): Promise<void> {
  try {
    process.kill(running.pid, 'SIGKILL');
  } catch {
    return; // it has ended
  }
  while (isAlive(running)) await sleep(1);
}

function findRunning(folder: string): ProcessIdentity | undefined {
  const pid = Number.parseInt(readText(join(folder, 'aardvark.pid')), 10);
  const identity = Number.isInteger(pid) ? identify(pid) : undefined;
  return readText(`/proc/${pid}/cmdline`).includes(`\0${folder}\0`) ? identity : undefined;
}

/** Where the run folder was deleted under it, and with it the file that had its number. */
function findByCommandLine(folder: string): ProcessIdentity[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(pid => {
      const [program = '', ...words] = readText(`/proc/${pid}/cmdline`).split('\0');
      if (!program.endsWith('aardvark-dns') || !words.includes(folder)) return [];
      return identify(Number(pid)) ?? [];
    });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
