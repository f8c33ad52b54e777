import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { PlimsollError } from '../../errors.ts';
import { commandError, runOrThrow, start } from './spawn.ts';

/**
 * A mount namespace of its own, held by a process that ends with this one, however this one ends: what is mounted in
 * it is seen by nobody else, and never left behind.
 */
export interface PrivateMounts extends AsyncDisposable {
  /** Under this path the host's files are reached as the namespace has them mounted. */
  readonly root: string;
  /** Binds a folder or file; paths are the host's, without `root`. */
  bind(source: string, target: string, options: { readOnly: boolean }): Promise<void>;
  /** Makes a mount of the host read-only in here. */
  protect(target: string): Promise<void>;
}

export async function openPrivateMounts(): Promise<PrivateMounts> {
  // Slave: what the host unmounts is not kept busy in here.
  const args = ['--mount', '--propagation', 'slave', 'sh', '-c', 'echo ready; read -r _'];
  const child = start('unshare', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  ended.catch(() => {}); // told by the first of these two
  const [word] = await Promise.race([once(child.stdout as Readable, 'data'), ended]).catch(error => {
    throw commandError('unshare', error);
  });
  if (!String(word).startsWith('ready') || child.pid === undefined) throw refused();
  const { pid } = child;
  const mount = (...words: string[]) =>
    runOrThrow('nsenter', [`--mount=/proc/${pid}/ns/mnt`, 'mount', ...words]);
  const protect = async (target: string) => void (await mount('-o', 'remount,bind,ro', target));
  return {
    root: `/proc/${pid}/root`,
    protect,
    async bind(source, target, { readOnly }) {
      await mount('--rbind', '--', source, target);
      if (readOnly) await protect(target);
    },
    async [Symbol.asyncDispose]() {
      (child.stdin as Writable).destroy();
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function refused(): PlimsollError {
  return new PlimsollError('permission-denied', 'the kernel refuses a mount namespace', {
    code: 'NAMESPACE_REFUSED',
    hint: 'run as root',
  });
}
