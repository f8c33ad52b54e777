import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findExecutable } from '../../src/engine/kernel/index.ts';
import { makeBusyboxRootfs } from '../support/busybox-rootfs.ts';
import type { OrdinaryUser } from '../support/ordinary-user.ts';
import { insist } from './measure.ts';
import { limitWords, peerImage } from './peers.ts';

/** Podman of an ordinary user, with the image of the benchmark; or why it cannot be had. */
export interface PodmanOfUser extends Disposable {
  readonly command: readonly string[];
  readonly why: string | undefined;
}

/** The words before a program that the user shall run. */
export function asUser(user: OrdinaryUser, ...words: readonly string[]): string[] {
  const env = Object.entries(user.env).map(([name, value]) => `${name}=${value}`);
  return [...user.prefix, 'env', '-i', '-C', user.home, ...env, ...words];
}

/**
 * Its containers reach one another and the world by slirp4netns, which opens /dev/net/tun: where that is root's alone,
 * a device for everybody is laid over it, in the mounts of these commands only.
 */
export function podmanOf(user: OrdinaryUser): PodmanOfUser {
  const device = join(user.home, '../tun');
  const runtime = findExecutable('runc') === undefined ? [] : ['--runtime', 'runc']; // crun has no mixed cgroups
  const podman = ['podman', ...runtime, '--cgroup-manager', 'cgroupfs', '--events-backend', 'file'];
  const open = ['unshare', '--mount', 'sh', '-c', `mount --bind ${device} /dev/net/tun && exec "$@"`, 'sh'];
  const command = [...(process.getuid?.() === 0 ? open : []), ...asUser(user, ...podman)];
  const whyNot = (): string | undefined => {
    if (findExecutable('podman') === undefined) return 'podman is missing (apt-get install podman)';
    if (findExecutable('slirp4netns') === undefined)
      return 'slirp4netns is missing (apt-get install slirp4netns)';
    try {
      if (process.getuid?.() === 0) {
        execFileSync('mknod', [device, 'c', '10', '200']);
        chmodSync(device, 0o666);
      }
      importBusybox(user, command);
      const words = ['run', '--rm', ...limitWords({ name: 'podman' }), '--network', 'podman', peerImage];
      insist([...command, ...words, 'true']);
      return undefined;
    } catch (error) {
      return String(error);
    }
  };
  return { command, why: whyNot(), [Symbol.dispose]: () => endPause(user) };
}

function importBusybox({ home, uid }: OrdinaryUser, command: readonly string[]): void {
  const rootfs = makeBusyboxRootfs(join(home, '../busybox'));
  const archive = `${rootfs}.tar`;
  insist(['tar', '-C', rootfs, '-cf', archive, '.']);
  chownSync(archive, uid, -1);
  insist([...command, 'import', '-c', 'CMD ["sh"]', archive, peerImage]);
  rmSync(rootfs, { recursive: true });
  rmSync(archive);
}

/** Ends the process that holds podman's namespaces, as plimsoll's is by its own user. */
function endPause({ env }: OrdinaryUser): void {
  try {
    const record = join(env.XDG_RUNTIME_DIR ?? '', 'libpod/tmp/pause.pid');
    process.kill(Number(readFileSync(record, 'utf8')), 'SIGKILL');
  } catch {
    // podman has not run
  }
}
