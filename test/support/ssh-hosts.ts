import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Machines that answer ssh, each a network namespace with an sshd of its own. */
export interface SshHosts extends AsyncDisposable {
  readonly addresses: readonly string[];
  /** A configuration of ssh(1) by which they are reached. */
  readonly sshConfig: string;
  readonly folder: string;
  /** A folder whose `ssh` takes that configuration, for who cannot name it. */
  readonly bin: string;
  /** Ends all that runs in the namespace of a machine, at once. */
  die(host: number): Promise<void>;
  /** Starts its sshd again. */
  comeBack(host: number): Promise<void>;
}

/** Why there can be none here; false if there can. */
export function noSshHosts(): string | false {
  if (process.getuid?.() !== 0) return 'needs root: makes network namespaces';
  if (spawnSync('sh', ['-c', 'command -v ssh && command -v /usr/sbin/sshd']).status !== 0)
    return 'needs ssh and sshd (openssh-server)';
  return spawnSync('unshare', ['--net', 'true']).status === 0 ? false : 'needs network namespaces';
}

/**
 * Makes `count` machines, whose commands run with these variables. To be called in a network namespace of one's own, where
 * their links may be made.
 */
export async function openSshHosts(
  count: number,
  env: Readonly<Record<string, string>> = {},
): Promise<SshHosts> {
  const folder = mkdtempSync(join(tmpdir(), 'plh-'));
  chmodSync(folder, 0o755);
  for (const key of ['host', 'user'])
    ssh('ssh-keygen', ['-qt', 'ed25519', '-N', '', '-f', join(folder, key)]);
  copyFileSync(join(folder, 'user.pub'), join(folder, 'authorized'));
  const sshConfig = join(folder, 'ssh_config');
  writeFileSync(
    sshConfig,
    `Host *\n  User root\n  IdentityFile ${folder}/user\n  IdentitiesOnly yes\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n`,
  );
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const real = execFileSync('sh', ['-c', 'command -v ssh'], { encoding: 'utf8' }).trim();
  writeFileSync(join(bin, 'ssh'), `#!/bin/sh\nexec ${real} -F ${sshConfig} "$@"\n`, { mode: 0o755 });
  mkdirSync('/run/sshd', { recursive: true });
  const hosts = Array.from({ length: count }, (_, i) => ({
    name: `plh${i}`,
    address: `10.213.${i}.2`,
    server: undefined as ChildProcess | undefined,
  }));
  for (const [i, { name, address }] of hosts.entries()) {
    ip(`netns add ${name}`);
    ip(`link add plh-${i} type veth peer name eth0 netns ${name}`);
    ip(`addr add 10.213.${i}.1/30 dev plh-${i}`);
    ip(`link set plh-${i} up`);
    ip(`-n ${name} addr add ${address}/30 dev eth0`);
    ip(`-n ${name} link set eth0 up`);
    ip(`-n ${name} link set lo up`);
  }
  const hostOf = (i: number) => hosts[i] ?? unknownHost(i);
  const comeBack = async (i: number) => {
    const host = hostOf(i);
    host.server = startServer(host, folder, env);
    await answers(host.address);
  };
  const die = async (i: number) => {
    const { name, server } = hostOf(i);
    const pids = execFileSync('ip', ['netns', 'pids', name], { encoding: 'utf8' })
      .split('\n')
      .filter(Boolean);
    for (const pid of pids) kill(Number(pid));
    if (server !== undefined && server.exitCode === null && server.signalCode === null)
      await once(server, 'exit');
  };
  for (const i of hosts.keys()) await comeBack(i);
  return {
    ...{ addresses: hosts.map(({ address }) => address), sshConfig, folder, bin, die, comeBack },
    async [Symbol.asyncDispose]() {
      for (const [i, { name }] of hosts.entries()) {
        await die(i);
        ip(`netns del ${name}`);
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function startServer(
  { name, address }: { name: string; address: string },
  folder: string,
  env: Readonly<Record<string, string>>,
): ChildProcess {
  const settings = {
    ...{ HostKey: join(folder, 'host'), AuthorizedKeysFile: join(folder, 'authorized') },
    ...{ ListenAddress: address, StrictModes: 'no', PidFile: 'none', UsePAM: 'no' },
    ...{ PermitRootLogin: 'yes', PasswordAuthentication: 'no' },
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  const variables = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  if (variables.length > 0) options.push('-o', `SetEnv=${variables.join(' ')}`);
  const args = [`--net=/run/netns/${name}`, '/usr/sbin/sshd', '-D', '-e', '-f', '/dev/null', ...options];
  return spawn('nsenter', args, { stdio: 'ignore' });
}

async function answers(address: string): Promise<void> {
  const probe = `exec 3<>/dev/tcp/${address}/22`;
  for (let attempt = 0; attempt < 100; attempt++) {
    if (spawnSync('bash', ['-c', probe]).status === 0) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error(`the sshd at ${address} does not answer`);
}

function ip(words: string): void {
  execFileSync('ip', words.split(' '));
}

function ssh(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: 'ignore' });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended meanwhile
  }
}

function unknownHost(i: number): never {
  throw new RangeError(`there is no host ${i}`);
}
