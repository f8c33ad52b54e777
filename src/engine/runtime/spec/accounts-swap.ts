import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Whether this kernel limits swap by cgroup. Kernels before 6.1 can be built or booted (swapaccount=0) without that, as
 * Debian's and Ubuntu's were; the runtime fails where it is asked for a file that is not there. The root of the v2 tree
 * has no such file in any case, so it is looked for in the caller's own cgroup, and in those at the top.
 */
export function accountsSwap(
  version: 'v1' | 'v2' | 'hybrid' | 'none',
  mount = '/sys/fs/cgroup',
  ownCgroup: string = readFileSync('/proc/self/cgroup', 'utf8'),
): boolean {
  if (version !== 'v2') return existsSync(join(mount, 'memory/memory.memsw.limit_in_bytes'));
  const own = /^0::(.*)$/m.exec(ownCgroup)?.[1] ?? '/';
  const limitsSwap = (folder: string) => existsSync(join(folder, 'memory.swap.max'));
  return limitsSwap(join(mount, own)) || readdirSync(mount).some(name => limitsSwap(join(mount, name)));
}
