import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { isPlimsollError, messageOf } from '../../errors.ts';
import { caller, mayHaveCgroups, run, subordinateIds, systemdRuns } from '../kernel/index.ts';
import { type ForwardBlock, forwardBlocks } from '../network/index.ts';
import type { StorageChoice } from '../snapshot/index.ts';

/** What the doctor reads of the machine besides its tools. */
export interface HostFacts {
  readonly uid: number;
  readonly user: string;
  readonly kernel: string;
  /** Effective capabilities as a bit set (capabilities(7)). */
  readonly capabilities: bigint;
  /** With what root filesystems can be made in the root; undefined where that could not be tried. */
  readonly storage?: StorageChoice;
  /** How many user namespaces the caller may make. */
  readonly userNamespaces: number;
  readonly unprivilegedUserNamespaces: boolean;
  readonly cgroup: {
    readonly version: 'v1' | 'v2' | 'hybrid' | 'none';
    readonly controllers: readonly string[];
  };
  readonly seccomp: boolean;
  /** Whether `nft` was there to ask, by one who may use it; and why it cannot be used, if so. */
  readonly nftAsked: boolean;
  readonly nftProblem?: string;
  /** It was asked and did not answer in time: a slow machine, which is no sign of a kernel without nftables. */
  readonly nftBusy?: boolean;
  /** Chains of the host's firewall that drop what containers are sent. */
  readonly forwardBlocks: readonly ForwardBlock[];
  readonly ipForward: boolean;
  readonly tun: boolean;
  /** The user has ranges in /etc/subuid and /etc/subgid. */
  readonly subordinateIds: boolean;
  /** Containers of the caller have cgroups: those of a user need some that systemd delegates. */
  readonly limits: boolean;
  /** What the caller has started goes on after a logout; undefined where systemd does not run the machine. */
  readonly lingers?: boolean;
  readonly disk: { readonly path: string; readonly freeBytes: number; readonly writable: boolean };
}

/**
 * Reads the facts; `dataDir` is where the root of plimsoll is or will be, `nft` the path of nft(8), which is waited for
 * `patienceMs`.
 */
export async function readHostFacts(options: {
  dataDir: string;
  nft?: string;
  patienceMs?: number;
}): Promise<HostFacts> {
  const { uid } = caller();
  const user = userName(uid);
  const kernel = read('/proc/sys/kernel/osrelease').trim();
  const status = read('/proc/self/status');
  const nft = uid === 0 ? options.nft : undefined;
  const asked = nft === undefined ? {} : await askNft(nft, options.patienceMs ?? 10_000);
  return {
    uid,
    user,
    kernel,
    capabilities: BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`),
    userNamespaces: Number(read('/proc/sys/user/max_user_namespaces')),
    unprivilegedUserNamespaces:
      read('/proc/sys/kernel/unprivileged_userns_clone').trim() !== '0' &&
      read('/proc/sys/kernel/apparmor_restrict_unprivileged_userns').trim() !== '1',
    cgroup: readCgroup(),
    seccomp: /^Seccomp:/m.test(status),
    nftAsked: nft !== undefined,
    ...asked,
    forwardBlocks: nft !== undefined && Object.keys(asked).length === 0 ? await forwardBlocks() : [],
    ipForward: read('/proc/sys/net/ipv4/ip_forward').trim() === '1',
    tun: canAccess('/dev/net/tun', constants.R_OK | constants.W_OK),
    subordinateIds: Object.values(subordinateIds(uid)).every(ranges => ranges.length > 0),
    limits: mayHaveCgroups(),
    ...(systemdRuns() ? { lingers: existsSync(join('/var/lib/systemd/linger', user)) } : {}),
    disk: readDisk(options.dataDir),
  };
}

/** cgroup v2 lists its controllers in one file; v1 has a mount for each; hybrid is v1 with v2 mounted beside. */
function readCgroup(): HostFacts['cgroup'] {
  const mounts = read('/proc/self/mountinfo');
  const v2 = / - cgroup2 /.test(mounts);
  const unified = read('/sys/fs/cgroup/cgroup.controllers').trim();
  if (v2 && existsSync('/sys/fs/cgroup/cgroup.controllers')) {
    return { version: 'v2', controllers: unified.split(' ').filter(Boolean) };
  }
  const v1 = [...mounts.matchAll(/ - cgroup \S+ (\S+)/g)].flatMap(([, options = '']) => options.split(','));
  const known = ['cpu', 'cpuacct', 'cpuset', 'memory', 'pids', 'blkio', 'freezer', 'devices'];
  const controllers = known.filter(name => v1.includes(name));
  if (controllers.length === 0) return { version: 'none', controllers };
  return { version: v2 ? 'hybrid' : 'v1', controllers };
}

async function askNft(nft: string, timeoutMs: number): Promise<Pick<HostFacts, 'nftProblem' | 'nftBusy'>> {
  try {
    const { code, stderr } = await run(nft, ['list', 'tables'], { timeoutMs });
    return code === 0 ? {} : { nftProblem: stderr.trim().split('\n')[0] ?? `exit code ${code}` };
  } catch (error) {
    if (isPlimsollError(error) && error.kind === 'deadline') return { nftBusy: true };
    return { nftProblem: messageOf(error) };
  }
}

/** Free space where the root is, or will be: the nearest folder that exists. */
function readDisk(dataDir: string): HostFacts['disk'] {
  let path = dataDir;
  while (!existsSync(path) && path !== '/') path = dirname(path);
  const { bavail, bsize } = statfsSync(path);
  return { path, freeBytes: bavail * bsize, writable: canAccess(path, constants.W_OK) };
}

function userName(uid: number): string {
  try {
    return userInfo().username;
  } catch {
    return String(uid); // a user without a line in /etc/passwd
  }
}

function canAccess(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
