import { readFileSync } from 'node:fs';
import { PlimsollError } from '../../../../errors.ts';

/** What the caller of a chroot may do. */
export interface ChrootRights {
  /** Mount (CAP_SYS_ADMIN). */
  readonly mount: boolean;
  /** Take capabilities away for good (CAP_SETPCAP). */
  readonly bound: boolean;
}

/** By the capabilities in /proc/self/status; numbers as in capabilities(7). */
export function ownRights(): ChrootRights {
  const status = readFileSync('/proc/self/status', 'utf8');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  const has = (number: bigint) => ((effective >> number) & 1n) === 1n;
  return { mount: has(21n), bound: has(8n) };
}

/**
 * Throws `permission-denied` for a step that the caller cannot run: a container without the right to mount, or in a chroot
 * one with mounts.
 */
export function checkRights(isolation: 'oci' | 'chroot', hasMounts: boolean): void {
  if (ownRights().mount) return;
  const what = isolation === 'oci' ? 'containers need' : 'the mounts of this step need';
  if (isolation === 'chroot' && !hasMounts) return;
  throw new PlimsollError('permission-denied', `${what} the right to mount (CAP_SYS_ADMIN)`, {
    code: 'MOUNT_NOT_ALLOWED',
    hint:
      isolation === 'oci'
        ? 'build with --isolation chroot, which does without'
        : 'with --isolation chroot as such a user, leave out RUN --mount and here-documents that begin with #!',
  });
}
