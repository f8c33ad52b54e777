import type { OciMount, OciResources } from './oci-spec.ts';

/** Paths of /proc and /sys that a container must not see: they tell of, or reach, the host's kernel (as in Docker). */
export const maskedPaths: readonly string[] = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];

/** Paths of /proc that a container may read only (as in Docker). */
export const readonlyPaths: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];

/**
 * The device cgroup of an ordinary container, as in Docker: nothing, but making any node, and using null, zero, full,
 * random, urandom, tty, console, ptmx and the terminals of /dev/pts (numbers: kernel, admin-guide/devices.txt).
 */
export const deviceRules: NonNullable<OciResources['devices']> = [
  { allow: false, access: 'rwm' },
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  ...(
    [
      [1, 3],
      [1, 5],
      [1, 7],
      [1, 8],
      [1, 9],
      [5, 0],
      [5, 1],
      [5, 2],
    ] as const
  ).map(([major, minor]) => ({ allow: true, type: 'c', major, minor, access: 'rwm' })),
  { allow: true, type: 'c', major: 136, access: 'rwm' },
];

/** The device cgroup of a privileged container: all of them. */
export const allDevices: NonNullable<OciResources['devices']> = [{ allow: true, access: 'rwm' }];

/** The file systems of every container, as in Docker; a privileged one may write to /sys and its cgroups. */
export function defaultMounts({
  privileged,
  shm = { bytes: 64 * 1024 * 1024 },
  hostQueues,
  terminalGroup = true,
}: {
  privileged: boolean;
  /** Terminals belong to group 5, `tty`, which is there. */
  terminalGroup?: boolean;
  /** Size of /dev/shm, or the folder that is bound there; `none`: there is none. */
  shm?: { readonly bytes: number } | { readonly path: string } | 'none';
  /** With the host's message queues: whether the host has them mounted. */
  hostQueues?: boolean | undefined;
}): OciMount[] {
  const access = privileged ? 'rw' : 'ro';
  return [
    mount('/proc', 'proc', 'proc', 'nosuid noexec nodev'),
    mount('/dev', 'tmpfs', 'tmpfs', 'nosuid strictatime mode=755 size=65536k'),
    mount(
      '/dev/pts',
      'devpts',
      'devpts',
      `nosuid noexec newinstance ptmxmode=0666 mode=0620${terminalGroup ? ' gid=5' : ''}`,
    ),
    mount('/sys', 'sysfs', 'sysfs', `nosuid noexec nodev ${access}`),
    mount('/sys/fs/cgroup', 'cgroup', 'cgroup', `nosuid noexec nodev ${access}`),
    ...queueMount(hostQueues),
    ...shmMount(shm),
  ];
}

function queueMount(hostQueues: boolean | undefined): OciMount[] {
  if (hostQueues === false) return [];
  return hostQueues
    ? [mount('/dev/mqueue', 'bind', '/dev/mqueue', 'rbind nosuid noexec nodev')]
    : [mount('/dev/mqueue', 'mqueue', 'mqueue', 'nosuid noexec nodev')];
}

function shmMount(shm: { readonly bytes: number } | { readonly path: string } | 'none'): OciMount[] {
  if (shm === 'none') return [];
  if ('path' in shm) return [mount('/dev/shm', 'bind', shm.path, 'rbind nosuid noexec nodev')];
  return [mount('/dev/shm', 'tmpfs', 'shm', `nosuid noexec nodev mode=1777 size=${shm.bytes}`)];
}

function mount(destination: string, type: string, source: string, options: string): OciMount {
  return { destination, type, source, options: options.split(' ') };
}
