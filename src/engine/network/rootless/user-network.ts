import { closeSync, constants, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findExecutable, runOrThrow, unmount, withLock } from '../../kernel/index.ts';
import { isOpen, type UserNetwork } from './place.ts';
import { endUplink, startUplink } from './uplink.ts';

/**
 * Makes it if it is not there, with a way out where the machine lets users have one. Bridges in it forward, and let the
 * loopback address of a published port through, as the ones of root do.
 */
export async function openUserNetwork(network: UserNetwork): Promise<void> {
  await locked(network, async () => {
    if (!isOpen(network)) await make(network);
    await startUplink(network);
  });
}

/** Takes it away, if no bridge is left in it. */
export async function closeUserNetwork(network: UserNetwork): Promise<void> {
  if (!isOpen(network)) return;
  await locked(network, async () => {
    const links = isOpen(network) ? readdirSync(join(network.sys, 'class/net')) : [];
    if (links.some(link => link.startsWith('plb'))) return;
    await endUplink(network);
    await unmount(network.sys, { lazy: true });
    await unmount(network.path, { lazy: true });
    rmSync(network.path, { force: true });
  });
}

async function make({ path, sys, containers }: UserNetwork): Promise<void> {
  for (const folder of [sys, containers]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  closeSync(openSync(path, constants.O_CREAT | constants.O_RDONLY, 0o600));
  const script = [
    'ip link set lo up',
    'mount -t sysfs sysfs "$1"',
    'cd /proc/sys/net',
    'echo 1 > ipv4/ip_forward',
    'for all in all default; do echo 1 > ipv4/conf/$all/route_localnet; done',
    'if [ -d ipv6 ]; then echo 1 > ipv6/conf/all/forwarding',
    'for all in accept_ra accept_dad; do echo 0 > ipv6/conf/default/$all; done; fi',
  ];
  const shell = ['/bin/sh', '-c', script.join(' && '), 'sh', sys];
  await runOrThrow('unshare', [`--net=${path}`, ...shell], { env: { ...process.env, PATH: pathWithSbin() } });
}

/** ip(8) is in /usr/sbin on some distributions, which an ordinary user's PATH leaves out. */
function pathWithSbin(): string {
  const ip = findExecutable('ip');
  return [process.env.PATH, ...(ip === undefined ? [] : [join(ip, '..')])].join(':');
}

async function locked(network: UserNetwork, action: () => Promise<void>): Promise<void> {
  const folder = join(network.path, '..');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await withLock(join(folder, 'lock'), action);
}
