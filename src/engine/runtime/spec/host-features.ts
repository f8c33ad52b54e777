import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  type Stats,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { errnoOf, PlimsollError } from '../../../errors.ts';
import { caller, cgroupVersion, deviceNumbers, hasCgroups } from '../../kernel/index.ts';
import { accountsSwap } from './accounts-swap.ts';
import { parseCapabilityMask } from './capabilities.ts';
import type { OciDevice } from './oci-spec.ts';

/** Limits that some kernels lack. */
export type LimitFeature =
  | 'swappiness'
  | 'oomKillDisable'
  | 'realtime'
  | 'blockWeight'
  | 'blockThrottle'
  | 'memoryReservation';

/** What of this machine and this process decides a spec. */
export interface HostFeatures {
  /** Go's name of the processor. */
  readonly arch: string;
  readonly kernel: readonly [number, number];
  readonly boundingCapabilities: readonly string[];
  /** This process's own hard limits, by ulimit's names (`nofile`); absent: none. */
  readonly hardLimits: Readonly<Record<string, number>>;
  /** Most open files that the kernel gives any process. */
  readonly mostOpenFiles: number;
  /** How likely the kernel is to kill this process when memory runs out, -1000 to 1000. */
  readonly oomScoreAdj: number;
  /** `hybrid`: v1 controllers and an empty v2 tree beside them. `none`: none that this process may write to. */
  readonly cgroup: 'v1' | 'v2' | 'hybrid' | 'none';
  readonly swapAccounting: boolean;
  /** What the kernel can limit beyond what every kernel can. */
  readonly can: Readonly<Record<LimitFeature, boolean>>;
  /** /dev/mqueue is there. */
  readonly messageQueues: boolean;
  /** AppArmor is on. */
  readonly apparmor: boolean;
  /** A profile that is loaded, where AppArmor is on. */
  readonly apparmorProfile?: string;
  readonly rootless: boolean;
  /** Containers have root and nobody else: see `Caller.oneUser`. */
  readonly oneUser: boolean;
  /** How many numbers from 0 up this process's user namespace has. */
  readonly idCounts: { readonly uid: number; readonly gid: number };
}

/** Reads them from the kernel's files; below a millisecond. */
export function readHostFeatures(): HostFeatures {
  const { rootless, oneUser } = caller();
  const cgroup = hasCgroups() ? cgroupVersion() : 'none';
  const apparmorProfile = loadedApparmorProfile();
  return {
    arch: goArch(process.arch),
    kernel: kernelVersion(),
    boundingCapabilities: parseCapabilityMask(
      /^CapBnd:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0',
    ),
    hardLimits: hardLimits(),
    mostOpenFiles: Number(readText('/proc/sys/fs/nr_open') ?? 1_048_576),
    oomScoreAdj: Number(readText('/proc/self/oom_score_adj') ?? 0),
    cgroup,
    swapAccounting: accountsSwap(cgroup),
    get can() {
      return limitFeatures(cgroup); // asked for rarely
    },
    messageQueues: existsSync('/dev/mqueue'),
    apparmor: hasApparmor(),
    ...(apparmorProfile === undefined ? {} : { apparmorProfile }),
    rootless,
    oneUser,
    idCounts: { uid: idCount('uid'), gid: idCount('gid') },
  };
}

/** The number of a block device. Throws `invalid-argument` (`DEVICE_INVALID`). */
export function blockDeviceNumber(path: string): { readonly major: number; readonly minor: number } {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isBlockDevice()) return deviceNumbers(stat.rdev);
  throw new PlimsollError('invalid-argument', `"${path}" is no block device`, {
    code: 'DEVICE_INVALID',
    hint: "name a disk of /dev: 'lsblk -p' lists them",
    data: { path },
  });
}

/** The character and block devices directly in /dev and its usual sub-folders, for privileged containers. */
export function readHostDevices(): OciDevice[] {
  return ['', 'net', 'dri', 'snd', 'mapper'].flatMap(folder => devicesIn(join('/dev', folder)));
}

/**
 * The devices that a path of the host stands for: itself, or every one below a folder (as in Docker), with the rest of
 * its path. Throws `invalid-argument` (`DEVICE_INVALID`).
 */
export function findDevices(path: string): { readonly device: OciDevice; readonly below: string }[] {
  const stat = statOf(path);
  const itself = deviceAt(path);
  if (itself !== undefined) return [{ device: itself, below: '' }];
  const found = stat?.isDirectory() ? devicesBelow(path) : [];
  if (found.length > 0) return found;
  const why =
    stat === undefined ? 'does not exist' : stat.isDirectory() ? 'has no devices in it' : 'is no device';
  throw new PlimsollError('invalid-argument', `"${path}" ${why}`, {
    code: 'DEVICE_INVALID',
    hint: 'name a file of /dev, or a folder with such files',
    data: { path },
  });
}

/** Links lead to devices, not to further folders; what the caller may not read is passed over. */
function devicesBelow(folder: string, below = ''): { device: OciDevice; below: string }[] {
  return namesIn(folder).flatMap(({ name, isFolder }) => {
    const path = join(folder, name);
    if (isFolder) return devicesBelow(path, `${below}/${name}`);
    const device = deviceAt(path);
    return device === undefined ? [] : [{ device, below: `${below}/${name}` }];
  });
}

function namesIn(folder: string): { name: string; isFolder: boolean }[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.map(entry => ({ name: entry.name, isFolder: entry.isDirectory() }));
  } catch (error) {
    if (notThere.has(errnoOf(error) ?? '')) return [];
    throw error;
  }
}

/** What a path leads to; undefined where it leads nowhere, or may not be looked at. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (notThere.has(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

const notThere: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'ELOOP']);

/** Links are followed, as /dev is full of them. */
function deviceAt(path: string): OciDevice | undefined {
  const stat = statOf(path);
  if (stat === undefined || !(stat.isCharacterDevice() || stat.isBlockDevice())) return undefined;
  return deviceOf(path, stat);
}

function devicesIn(folder: string): OciDevice[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap(name => {
    const path = join(folder, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined || !(stat.isCharacterDevice() || stat.isBlockDevice())) return [];
    return path === '/dev/console' || path === '/dev/ptmx' || path === '/dev/tty'
      ? []
      : [deviceOf(path, stat)];
  });
}

function deviceOf(path: string, { rdev, mode, uid, gid }: Stats): OciDevice {
  const { major, minor } = deviceNumbers(rdev);
  const type = (mode & 0o170000) === 0o060000 ? 'b' : 'c';
  return { path, type, major, minor, fileMode: mode & 0o777, uid, gid };
}

/** user_namespaces(7): lines of first number inside, first outside, count. */
function idCount(kind: 'uid' | 'gid'): number {
  const lines = (readText(`/proc/self/${kind}_map`) ?? '').trim().split('\n');
  const ranges = lines.map(line => line.trim().split(/\s+/).map(Number));
  return Math.max(...ranges.map(([first = 0, , count = 0]) => first + count));
}

function hasApparmor(): boolean {
  return readText('/sys/module/apparmor/parameters/enabled')?.trim() === 'Y';
}

function loadedApparmorProfile(): string | undefined {
  if (!hasApparmor()) return undefined;
  const loaded = readText('/sys/kernel/security/apparmor/profiles') ?? '';
  return ['plimsoll-default', 'docker-default'].find(name => loaded.includes(`${name} (`));
}

function goArch(arch: string): string {
  const names: Record<string, string> = { x64: 'amd64', ia32: 'x86', mips: 'mipsel', ppc64: 'ppc64le' };
  return names[arch] ?? arch;
}

function kernelVersion(): readonly [number, number] {
  const version = /^(\d+)\.(\d+)/.exec(readFileSync('/proc/sys/kernel/osrelease', 'utf8'));
  return [Number(version?.[1] ?? 0), Number(version?.[2] ?? 0)];
}

/** /proc/PID/limits, proc(5), by the names that ulimit has. */
function hardLimits(): Record<string, number> {
  const lines = readFileSync('/proc/self/limits', 'utf8').split('\n').slice(1);
  return Object.fromEntries(
    lines.flatMap(line => {
      const name = limitNames[line.slice(0, 26).trim()];
      const hard = line.slice(26).trim().split(/\s+/)[1];
      return name === undefined || hard === 'unlimited' ? [] : [[name, Number(hard)]];
    }),
  );
}

const limitNames: Readonly<Record<string, string>> = {
  'Max cpu time': 'cpu',
  'Max file size': 'fsize',
  'Max data size': 'data',
  'Max stack size': 'stack',
  'Max core file size': 'core',
  'Max resident set': 'rss',
  'Max processes': 'nproc',
  'Max open files': 'nofile',
  'Max locked memory': 'memlock',
  'Max address space': 'as',
  'Max file locks': 'locks',
  'Max pending signals': 'sigpending',
  'Max msgqueue size': 'msgqueue',
  'Max nice priority': 'nice',
  'Max realtime priority': 'rtprio',
  'Max realtime timeout': 'rttime',
};

/** Told by the files of the cgroup mounts. */
function limitFeatures(cgroup: HostFeatures['cgroup']): HostFeatures['can'] {
  const v1 = cgroup === 'v1' || cgroup === 'hybrid';
  const inRoot = (path: string) => existsSync(join('/sys/fs/cgroup', path));
  return {
    memoryReservation: cgroup === 'v2' || inRoot('memory/memory.soft_limit_in_bytes'),
    swappiness: v1 && inRoot('memory/memory.swappiness'),
    oomKillDisable: v1 && inRoot('memory/memory.oom_control'),
    realtime: v1 && inRoot('cpu/cpu.rt_runtime_us'),
    blockThrottle: cgroup === 'v2' ? hasController('io') : inRoot('blkio/blkio.throttle.read_bps_device'),
    blockWeight:
      cgroup === 'v2'
        ? hasController('io') && childrenHave('', ['io.weight', 'io.bfq.weight'])
        : inRoot('blkio') && childrenHave('blkio', ['blkio.weight']) /* crun knows no other */,
  };
}

function hasController(name: string): boolean {
  return (readText('/sys/fs/cgroup/cgroup.controllers') ?? '').split(/\s/).includes(name);
}

/** Some files are only in cgroups below the root: one is made to look, and taken away. */
function childrenHave(folder: string, names: readonly string[]): boolean {
  const probe = join('/sys/fs/cgroup', folder, `plimsoll-probe-${process.pid}`);
  try {
    mkdirSync(probe);
    const found = names.some(name => existsSync(join(probe, name)));
    rmdirSync(probe);
    return found;
  } catch {
    return false;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
