import { explainStorage, type StorageChoice } from '../snapshot/index.ts';
import type { HostFacts } from './host-facts.ts';
import type { Finding } from './types.ts';

/** Turns facts of the machine into rows, worst case named with its fix. Pure. */
export function judgeFacts(facts: HostFacts): Finding[] {
  return rows.filter(row => row.when?.(facts) ?? true).map(row => judge(row, facts));
}

/** What a row of the table says about one fact. `bad` is its status where the fact is not good. */
interface Row {
  readonly area: Finding['area'];
  readonly name: string;
  readonly bad: 'warn' | 'missing';
  /** Rows that matter to some callers only. */
  readonly when?: (facts: HostFacts) => boolean;
  readonly good: (facts: HostFacts) => boolean;
  readonly found: (facts: HostFacts) => string;
  readonly without: string;
  readonly fix: string | ((facts: HostFacts) => string);
}

const mebibyte = 1024 * 1024;
const rootless = (facts: HostFacts) => facts.uid !== 0;
const isRoot = (facts: HostFacts) => facts.uid === 0;
/** CAP_NET_ADMIN and CAP_SYS_ADMIN (linux/capability.h). */
const neededCapabilities = (1n << 12n) | (1n << 21n);

const rows: readonly Row[] = [
  {
    area: 'privilege',
    name: 'caller',
    bad: 'warn',
    good: () => true,
    found: ({ uid, user }) => (uid === 0 ? 'root' : `${user} (${uid}): containers are this user's own`),
    without: '',
    fix: '',
  },
  {
    area: 'privilege',
    name: 'capabilities',
    bad: 'missing',
    when: isRoot,
    good: ({ capabilities }) => (capabilities & neededCapabilities) === neededCapabilities,
    found: ({ capabilities }) => `0x${capabilities.toString(16)}`,
    without: 'mounts and networks need CAP_SYS_ADMIN and CAP_NET_ADMIN',
    fix: 'run it on the host itself, or in a privileged container',
  },
  {
    area: 'privilege',
    name: 'subordinate ids',
    bad: 'warn',
    when: rootless,
    good: ({ subordinateIds }) => subordinateIds,
    found: ({ subordinateIds }) => (subordinateIds ? 'yes' : 'none'),
    without: 'containers have root in them and no other user: images with files of others are flattened',
    fix: ({ user }) => `sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${user}`,
  },
  {
    area: 'privilege',
    name: 'lingering',
    bad: 'warn',
    when: facts => rootless(facts) && facts.lingers !== undefined,
    good: ({ lingers }) => lingers === true,
    found: ({ lingers }) => (lingers === true ? 'yes' : 'no'),
    without: 'containers of this user end with the last logout',
    fix: ({ user }) => `sudo loginctl enable-linger ${user}`,
  },
  {
    area: 'kernel',
    name: 'root filesystems',
    bad: 'warn',
    when: ({ storage }) => storage !== undefined,
    good: ({ storage }) => storage?.driver === 'overlay' || storage?.isForced === true,
    found: ({ storage, kernel }) => (storage === undefined ? '' : storageWords(storage, kernel)),
    without:
      'each takes longer to make and to work in; copies of all their layers, where it is those, take disk as well',
    fix: storageFix,
  },
  {
    area: 'kernel',
    name: 'seccomp',
    bad: 'warn',
    good: ({ seccomp }) => seccomp,
    found: ({ seccomp }) => (seccomp ? 'yes' : 'no'),
    without: 'containers run without a system call filter',
    fix: 'use a kernel with CONFIG_SECCOMP_FILTER',
  },
  {
    area: 'kernel',
    name: 'cgroups',
    bad: 'warn',
    good: ({ cgroup }) => ['cpu', 'memory', 'pids'].every(name => cgroup.controllers.includes(name)),
    found: ({ cgroup }) => `${cgroup.version}: ${cgroup.controllers.join(' ') || 'no controllers'}`,
    without: 'some of the limits and statistics of cpu, memory and pids are not there',
    fix: 'boot with cgroup_enable=memory, or mount the missing controllers',
  },
  {
    area: 'kernel',
    name: 'limits',
    bad: 'warn',
    when: rootless,
    good: ({ limits }) => limits,
    found: ({ limits }) => (limits ? 'cgroups are delegated by systemd' : 'no cgroups for this user'),
    without: 'memory, processors and processes cannot be limited, and nothing can be paused',
    fix: 'boot with cgroup v2 and systemd (systemd.unified_cgroup_hierarchy=1), and log in as this user',
  },
  {
    area: 'kernel',
    name: 'user namespaces',
    bad: 'warn',
    when: isRoot,
    good: ({ userNamespaces }) => userNamespaces > 0,
    found: ({ userNamespaces }) => (userNamespaces > 0 ? `up to ${userNamespaces}` : 'switched off'),
    without: 'no containers without root',
    fix: 'sudo sysctl -w user.max_user_namespaces=28633',
  },
  {
    area: 'kernel',
    name: 'user namespaces',
    bad: 'missing',
    when: rootless,
    good: facts => facts.userNamespaces > 0 && facts.unprivilegedUserNamespaces,
    found: ({ userNamespaces }) => (userNamespaces > 0 ? `up to ${userNamespaces}` : 'switched off'),
    without: 'without root, nothing can be built or run',
    fix: 'sudo sysctl -w user.max_user_namespaces=28633 kernel.unprivileged_userns_clone=1 (on Ubuntu also kernel.apparmor_restrict_unprivileged_userns=0), or use sudo',
  },
  {
    area: 'network',
    name: 'nft rules',
    bad: 'missing',
    when: ({ nftAsked }) => nftAsked,
    good: ({ nftProblem }) => nftProblem === undefined,
    found: ({ nftProblem, nftBusy }) =>
      nftProblem ?? (nftBusy === true ? 'nft is too busy to say' : 'usable'),
    without: 'containers have no way out, and no published ports (--network none and host work)',
    fix: 'sudo modprobe nf_tables',
  },
  {
    area: 'network',
    name: 'firewall',
    bad: 'warn',
    when: ({ nftAsked, nftProblem, nftBusy }) => nftAsked && nftProblem === undefined && nftBusy !== true,
    good: ({ forwardBlocks }) => forwardBlocks.length === 0,
    found: ({ forwardBlocks }) =>
      forwardBlocks.length === 0
        ? 'nothing drops what containers are sent'
        : forwardBlocks.map(({ keeper, chain }) => `${keeper}: "${chain}" drops`).join(', '),
    without: 'published ports are closed from outside, and containers may have no way out',
    fix: ({ forwardBlocks }) => forwardBlocks.map(({ advice }) => advice).join(' && '),
  },
  {
    area: 'network',
    name: 'IP forwarding',
    bad: 'warn',
    when: isRoot,
    good: () => true,
    found: ({ ipForward }) => (ipForward ? 'on' : 'off; switched on with the first network'),
    without: 'containers have no way out',
    fix: 'sudo sysctl -w net.ipv4.ip_forward=1',
  },
  {
    area: 'network',
    name: '/dev/net/tun',
    bad: 'warn',
    when: rootless,
    good: ({ tun }) => tun,
    found: ({ tun }) => (tun ? 'usable' : 'not accessible'),
    without: 'containers reach one another and are reached by published ports, but have no way out',
    fix: 'sudo chmod 0666 /dev/net/tun',
  },
  {
    area: 'disk',
    name: 'free disk',
    bad: 'warn',
    good: ({ disk }) => disk.freeBytes >= 1024 * mebibyte,
    found: ({ disk }) => `${Math.floor(disk.freeBytes / mebibyte)} MiB at ${disk.path}`,
    without: 'images, builds and logs soon fill the disk',
    fix: 'free some space, or choose another folder with --root',
  },
  {
    area: 'disk',
    name: 'root folder',
    bad: 'missing',
    good: ({ disk }) => disk.writable,
    found: ({ disk }) => `${disk.path}${disk.writable ? '' : ' is not writable'}`,
    without: 'plimsoll cannot keep anything',
    fix: 'run it with sudo, or choose a folder of your own with --root',
  },
];

function storageWords(storage: StorageChoice, kernel: string): string {
  const why = explainStorage(storage);
  const words = { overlay: 'overlays', 'fuse-overlayfs': 'overlays by fuse-overlayfs', copy: 'copies' };
  return `${words[storage.driver]}, Linux ${kernel}${why === undefined ? '' : ` (${why})`}`;
}

/** Users' overlays came with Linux 5.11. */
function storageFix(facts: HostFacts): string {
  const fuse = facts.storage?.refused['fuse-overlayfs'] ?? '';
  const better = rootless(facts) ? 'use Linux 5.11 or later' : 'sudo modprobe overlay';
  return [
    `${better}, or a root on ext4, xfs or btrfs with --root`,
    ...(fuse.includes('not installed') ? ['install fuse-overlayfs'] : []),
    ...(fuse.includes('/dev/fuse') ? ['sudo chmod 0666 /dev/fuse'] : []),
  ].join('; or ');
}

function judge(row: Row, facts: HostFacts): Finding {
  const { area, name } = row;
  if (row.good(facts)) return { area, name, status: 'ok', found: row.found(facts) };
  const fix = typeof row.fix === 'string' ? row.fix : row.fix(facts);
  return { area, name, status: row.bad, found: row.found(facts), without: row.without, fix };
}
