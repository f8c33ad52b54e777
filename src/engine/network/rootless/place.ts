import { existsSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { caller, userRunFolder } from '../../kernel/index.ts';
import type { Root } from '../../store/index.ts';

/**
 * The network namespace that the bridges of all roots of an ordinary user are in: the machine's own is not the user's to
 * change. It is there while there is a bridge; `uplink.ts` leads out of it.
 */
export interface UserNetwork {
  /** The namespace's name, a mount. */
  readonly path: string;
  /** Where it is seen as /sys of the machine's network is. */
  readonly sys: string;
  /** Where the namespaces of containers have their names. */
  readonly containers: string;
}

/** Of root there is none: bridges are in the machine's own network. */
export const userNetwork: UserNetwork | undefined = caller().rootless ? placeOf(caller().uid) : undefined;

function placeOf(uid: number): UserNetwork {
  const folder = join(userRunFolder(uid, process.env), 'network');
  return {
    path: join(folder, 'namespace'),
    sys: join(folder, 'sys'),
    containers: join(folder, 'containers'),
  };
}

/** Where the process is that opens ports, and to which network it leads. */
export interface ForwarderPlace {
  readonly folder: string;
  readonly namespace: string;
}

export function forwarderPlace(root: Root): ForwarderPlace {
  return userNetwork === undefined
    ? { folder: root.runDir, namespace: '/proc/self/ns/net' }
    : { folder: join(userNetwork.path, '..'), namespace: userNetwork.path };
}

/** True once `openUserNetwork` has made it. */
export function isOpen({ path }: UserNetwork): boolean {
  const NSFS_MAGIC = 0x6e736673;
  return existsSync(path) && statfsSync(path).type === NSFS_MAGIC;
}
