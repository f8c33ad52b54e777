import { existsSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlimsollError } from '../../errors.ts';
import type { Root } from '../store/index.ts';

/** What says that a root was begun by somebody who may not mount, or where nobody can write `trusted.`. */
const noteName = 'user-marks';

/**
 * Root of a container often has no CAP_SYS_ADMIN (21 in capabilities(7)), and does not get it later either: it may not
 * mount, and neither write nor see attributes of the kind `trusted.`.
 */
export function mayMount(): boolean {
  canMount ??= ((effectiveCapabilities() >> 21n) & 1n) === 1n;
  return canMount;
}

let canMount: boolean | undefined;

function effectiveCapabilities(): bigint {
  const status = readFileSync('/proc/self/status', 'utf8');
  return BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
}

/** True for a root whose opaque folders are marked by an attribute that anybody may write. */
export function hasUserMarks({ rootless, dataDir }: MarkedRoot): boolean {
  return rootless || existsSync(join(dataDir, noteName));
}

export type MarkedRoot = Pick<Root, 'rootless' | 'dataDir'>;

/** Notes of a root without layers that all of them will be marked so, if its first user, or its disk, needs that. */
export function beginMarks(root: MarkedRoot, isEmpty: () => boolean): void {
  if ((mayMount() && takesTrusted(root.dataDir)) || hasUserMarks(root) || !isEmpty()) return;
  writeFileSync(join(root.dataDir, noteName), '');
}

/** Overlays keep the attributes of overlays for themselves, NFS has none of this kind; both have those of users. */
function takesTrusted(folder: string): boolean {
  return ![OVERLAYFS_SUPER_MAGIC, NFS_SUPER_MAGIC].includes(statfsSync(folder).type);
}

/** statfs(2). */
const OVERLAYFS_SUPER_MAGIC = 0x794c7630;
const NFS_SUPER_MAGIC = 0x6969;

/** Throws `permission-denied` for a root with marks that the caller cannot see. */
export function requireMarks(root: MarkedRoot): void {
  if (mayMount() || hasUserMarks(root)) return;
  throw new PlimsollError(
    'permission-denied',
    'the layers of this root were made with rights to mount (CAP_SYS_ADMIN), and cannot be read whole without',
    { code: 'LAYERS_NOT_READABLE', hint: 'choose a --root of your own, or get CAP_SYS_ADMIN' },
  );
}
