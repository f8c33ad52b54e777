import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf } from '../../errors.ts';
import { CLONE_NEWNET, MS_BIND, MS_REC, MS_SHARED, type Native, preloadNative } from './native.ts';

/**
 * Makes a network namespace that lasts until its name `path` is unmounted and deleted: what `ip netns add` does, in
 * 1 ms and without another process. Returns a routing socket in it, as `openRouteSocket` does.
 */
export async function createNetworkNamespace(path: string): Promise<number> {
  const native = await preloadNative();
  shareMounts(native, dirname(path));
  closeSync(openSync(path, 'wx', 0o444));
  try {
    return elsewhere(
      native,
      () => native.unshare(CLONE_NEWNET),
      () => {
        native.mount(ownNamespace, Buffer.from(path), 'none', MS_BIND, Buffer.alloc(0));
        return native.routeSocket();
      },
    );
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

/** Opens a socket for rtnetlink(7) in this process's network namespace, or in another one; the caller closes it. */
export async function openRouteSocket(namespace?: string): Promise<number> {
  const native = await preloadNative();
  if (namespace === undefined) return native.routeSocket();
  const there = openSync(namespace, 'r');
  try {
    return elsewhere(
      native,
      () => native.setns(there, CLONE_NEWNET),
      () => native.routeSocket(),
    );
  } finally {
    closeSync(there);
  }
}

/** Makes a bound socket for `listen`; see `Native.boundSocket`. */
export type BindSocket = (kind: 'tcp' | 'udp', address: Uint8Array, port: number) => Promise<number>;

/**
 * Makes new sockets of this thread belong to a network namespace, for good; those that it has stay where they are.
 * Who may not come back from there still gets sockets of the network that it was in: by what this returns.
 */
export async function enterNetworkNamespace(path: string): Promise<BindSocket> {
  const native = await preloadNative();
  await native.preloadThreads();
  const there = openSync(path, 'r');
  try {
    native.setns(there, CLONE_NEWNET);
  } finally {
    closeSync(there);
  }
  return native.boundSocket;
}

const ownNamespace = '/proc/thread-self/ns/net';

/**
 * Does `work` in the network namespace that `enter` goes to. A namespace belongs to a thread, and JavaScript has one: as
 * long as `work` does not wait, nothing else of this process sees the other namespace.
 */
function elsewhere<T>(native: Native, enter: () => void, work: () => T): T {
  const home = openSync(ownNamespace, 'r');
  try {
    enter();
    try {
      return work();
    } finally {
      native.setns(home, CLONE_NEWNET);
    }
  } finally {
    closeSync(home);
  }
}

/** As ip-netns(8) does: mounts below are seen in other mount namespaces too, and so can be taken away there. */
function shareMounts(native: Native, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const target = Buffer.from(folder);
  const share = () => native.mount('', target, 'none', MS_SHARED | MS_REC, Buffer.alloc(0));
  try {
    share();
  } catch (error) {
    if (errnoOf(error) !== 'EINVAL') throw error;
    native.mount(folder, target, 'none', MS_BIND | MS_REC, Buffer.alloc(0)); // it was not a mount of its own
    share();
  }
}
