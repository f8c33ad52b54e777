import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findExecutable, identify, isAlive, type ProcessIdentity, start } from '../../kernel/index.ts';
import type { UserNetwork } from './place.ts';

const link = 'plup0';

/** A program that leads out of a network namespace without privileges, by sockets of its own. */
interface Program {
  readonly name: string;
  readonly args: (namespace: string) => readonly string[];
  /** Where names are asked for in the user's network: it hands that on to the machine's own name server. */
  readonly nameServer: string;
}

/** In order of choice. Of both nothing comes in, and the machine's loopback is out of reach. */
const programs: readonly Program[] = [
  {
    name: 'pasta',
    args: namespace => [
      ...['--config-net', '--foreground', '--quiet', '--netns', namespace, '--runas', '0:0'],
      ...['--ns-ifname', link, '--no-map-gw', '--dns-forward', '169.254.1.1'],
      ...['-t', 'none', '-u', 'none', '-T', 'none', '-U', 'none'],
    ],
    nameServer: '169.254.1.1',
  },
  {
    name: 'slirp4netns',
    args: namespace => [
      ...['--configure', '--mtu=65520', '--disable-host-loopback', '--netns-type=path'],
      ...[namespace, link],
    ],
    nameServer: '10.0.2.3',
  },
];

/** A file for /etc/resolv.conf of who asks from within; undefined where there is no way out. */
export function resolvConfOf(network: UserNetwork): string | undefined {
  const file = join(network.path, '../resolv.conf');
  return existsSync(file) ? file : undefined;
}

/**
 * Why the containers of users have no way out here, and what mends it; undefined if they have one. Asked before pasta
 * is: where it may not open the device it complains, and waits forever.
 */
export function uplinkProblem(): string | undefined {
  if (findProgram() === undefined) return 'neither pasta nor slirp4netns is installed (package passt)';
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return 'ordinary users may not open /dev/net/tun (sudo chmod 0666 /dev/net/tun)';
  }
}

function findProgram(): Program | undefined {
  return programs.find(({ name }) => findExecutable(name) !== undefined);
}

/**
 * Leads from the user's network to the machine's: one process (pasta 30 MB, slirp4netns 3 MB and slower) for all
 * containers of the user. Does nothing if it runs, or cannot.
 */
export async function startUplink(network: UserNetwork): Promise<void> {
  const record = join(network.path, '../uplink');
  const program = findProgram();
  if (readProcess(record) !== undefined || uplinkProblem() !== undefined || program === undefined) return;
  const child = start(program.name, program.args(network.path), {
    cwd: '/',
    detached: true,
    stdio: 'ignore',
  });
  child.on('error', () => {}); // then the link does not come
  child.unref();
  const isUp = () => readText(join(network.sys, 'class/net', link, 'carrier')).trim() === '1';
  for (let waited = 0; waited < 3000 && !isUp() && child.exitCode === null; waited += 5) await sleep(5);
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (identity === undefined || !isUp()) {
    child.kill('SIGKILL');
    return;
  }
  writeFileSync(join(network.path, '../resolv.conf'), `nameserver ${program.nameServer}\n`);
  writeFileSync(record, `${identity.pid} ${identity.startTime}\n`);
}

/** Ends it, and all connections by it. */
export async function endUplink(network: UserNetwork): Promise<void> {
  const record = join(network.path, '../uplink');
  const running = readProcess(record);
  if (running !== undefined) process.kill(running.pid, 'SIGKILL');
  while (running !== undefined && isAlive(running)) await sleep(1);
  rmSync(record, { force: true });
  rmSync(join(network.path, '../resolv.conf'), { force: true });
}

function readProcess(record: string): ProcessIdentity | undefined {
  const [pid = 0, startTime = 0] = readText(record).split(' ').map(Number);
  const identity = { pid, startTime };
  return pid > 0 && isAlive(identity) ? identity : undefined;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
