import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findExecutable } from '../../src/engine/kernel/index.ts';
import { makeBusyboxRootfs } from './busybox-rootfs.ts';
import { noRoot } from './layer-root.ts';

/** Why a peer's command cannot be tried here; false if it can. */
export function noPeer(...commands: readonly string[]): string | false {
  if (noRoot !== false) return noRoot;
  const missing = commands.filter(command => findExecutable(command) === undefined);
  return missing.length === 0
    ? false
    : `needs ${missing.join(', ')}: npm test -- --install, or apt-get install`;
}

/** Runs a peer's command and gives its output; rejects with what it printed if it fails. */
export function peer(command: string, ...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { timeout: 280_000, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command} ${args.join(' ')}: ${stderr || stdout || error.message}`));
    });
  });
}

/** A peer with images of its own. */
export interface PeerEngine extends AsyncDisposable {
  /** The words that call it. */
  readonly command: readonly string[];
  run(...args: readonly string[]): Promise<string>;
}

/** Podman with a store of its own, which is deleted in the end. */
export function podmanOfOwn(): PeerEngine {
  const folder = mkdtempSync('/var/tmp/plt-podman-');
  const own = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs'];
  return {
    command: ['podman', ...own],
    run: (...args) => peer('podman', ...own, ...args),
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A peer that serves Docker's API. */
export interface ServingPeer extends PeerEngine {
  readonly socket: string;
}

/** `podman system service` on a store of its own. */
export async function podmanService(): Promise<
  ServingPeer & {
    /** Variables by which another podman finds the same store. */
    readonly settings: Readonly<Record<string, string>>;
  }
> {
  const folder = mkdtempSync('/var/tmp/plt-podman-');
  const socket = join(folder, 'podman.sock');
  const own = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs'];
  const runtime = findExecutable('runc') === undefined ? [] : ['--runtime', 'runc']; // crun has no mixed cgroups
  const plain = [...runtime, '--cgroup-manager', 'cgroupfs', '--events-backend', 'file'];
  // More open files than the tests have may not be given where they lack a capability for it.
  const settings = join(folder, 'containers.conf');
  const named = findExecutable('runc') === undefined ? '' : 'runtime = "runc"\n';
  writeFileSync(
    settings,
    `[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n${named}`,
  );
  const program = findExecutable('podman') ?? '';
  const storage = join(folder, 'storage.conf');
  const roots = `graphroot = "${join(folder, 'root')}"\nrunroot = "${join(folder, 'run')}"\n`;
  writeFileSync(storage, `[storage]\ndriver = "vfs"\n${roots}`);
  const child = spawn(program, [...own, ...plain, 'system', 'service', '-t', '0', `unix://${socket}`], {
    stdio: 'ignore',
    env: { ...process.env, CONTAINERS_CONF: settings },
  });
  const exited = once(child, 'exit');
  for (let tries = 0; tries < 200 && !existsSync(socket) && child.exitCode === null; tries++) await sleep(50);
  return {
    command: ['podman', ...own],
    settings: { CONTAINERS_CONF: settings, CONTAINERS_STORAGE_CONF: storage },
    socket,
    run: (...args) => peer('podman', ...own, ...args),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL'); // it would wait for connections that nobody needs
      await exited;
      endThoseOf(folder);
      unmountBelow(folder);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * A dockerd of its own, without networks, and in a network namespace of its own: without a bridge it takes `docker0` away,
 * which another one may have containers on. Rejects with the end of its log if it does not start.
 */
export async function dockerOfOwn(): Promise<ServingPeer> {
  const folder = mkdtempSync('/var/tmp/plt-docker-');
  const at = (name: string) => join(folder, name);
  const socket = at('docker.sock');
  const options = ['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('pid')];
  // Among the cgroups of another's containers, theirs would come and go in what is measured.
  const cgroup = basename(folder);
  const quiet = ['--bridge', 'none', '--iptables=false', '--ip6tables=false', '--storage-driver', 'vfs'];
  const log: string[] = [];
  const program = findExecutable('dockerd') ?? '';
  const words = [
    ...['--net', program, '-H', `unix://${socket}`, '--cgroup-parent', `/${cgroup}`],
    ...['--exec-opt', 'native.cgroupdriver=cgroupfs'],
    ...options,
    ...quiet,
  ];
  const child = spawn('unshare', words, {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.on('data', (piece: Buffer) => log.push(piece.toString()));
  const exited = once(child, 'exit');
  const stop = async () => {
    if (child.exitCode === null) child.kill('SIGTERM');
    await exited;
    unmountBelow(folder);
    rmSync(folder, { recursive: true, force: true });
    for (const tree of globSync(`/sys/fs/cgroup/{,*/}${cgroup}`)) rmdirSync(tree);
  };
  const command = ['docker', '-H', `unix://${socket}`];
  const run = (...args: readonly string[]) => peer('docker', '-H', `unix://${socket}`, ...args);
  for (let tries = 0; tries < 1200; tries++) {
    if (child.exitCode !== null) break;
    if (
      existsSync(socket) &&
      (await run('version').then(
        () => true,
        () => false,
      ))
    )
      return { command, run, socket, [Symbol.asyncDispose]: stop };
    await sleep(100);
  }
  await stop();
  throw new Error(`dockerd does not start: ${log.join('').slice(-500)}`);
}

/** Gives a peer an image of nothing but busybox: there may be no registry in reach. */
export async function importBusybox({ run, socket }: ServingPeer, name: string): Promise<void> {
  const rootfs = makeBusyboxRootfs(join(socket, '../rootfs'));
  const archive = `${rootfs}.tar`;
  await peer('tar', '-C', rootfs, '-cf', archive, '.');
  await run('import', '-c', 'CMD ["sh"]', archive, name);
  rmSync(archive);
}

function unmountBelow(folder: string): void {
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n').reverse()) {
    const target = line.split(' ')[4] ?? '';
    if (target.startsWith(folder)) execFileSync('umount', ['-l', target]);
  }
}

/** Podman leaves a monitor for five minutes behind each command that was run in a container. */
function endThoseOf(folder: string): void {
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${folder}/`))
        process.kill(Number(pid), 'SIGKILL');
    } catch {
      // it has ended by itself
    }
  }
}
