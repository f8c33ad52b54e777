import { existsSync, lstatSync, readdirSync, readFileSync, type Stats, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { parseCapabilityMask } from './capabilities.ts';
import type { OciDevice } from './oci-spec.ts';

/** What of this machine and this process decides a spec. */
export interface HostFeatures {
  /** Go's name of the processor. */
  readonly arch: string;
  readonly kernel: readonly [number, number];
  readonly boundingCapabilities: readonly string[];
  readonly hardOpenFiles: number;
  /** `hybrid`: v1 controllers and an empty v2 tree beside them. `none`: none that this process may write to. */
  readonly cgroup: 'v1' | 'v2' | 'hybrid' | 'none';
  readonly swapAccounting: boolean;
  /** A profile that is loaded, where AppArmor is on. */
  readonly apparmorProfile?: string;
  readonly rootless: boolean;
}

/** Reads them from the kernel's files; below a millisecond. */
export function readHostFeatures(): HostFeatures {
  const rootless = process.geteuid?.() !== 0;
  const cgroup = rootless ? 'none' : cgroupVersion();
  const apparmorProfile = loadedApparmorProfile();
  return {
    arch: goArch(process.arch),
    kernel: kernelVersion(),
    boundingCapabilities: parseCapabilityMask(
      /^CapBnd:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0',
    ),
    hardOpenFiles: hardLimit('Max open files'),
    cgroup,
    swapAccounting:
      cgroup === 'v2'
        ? existsSync('/proc/swaps')
        : existsSync('/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes'),
    ...(apparmorProfile === undefined ? {} : { apparmorProfile }),
    rootless,
  };
}

/** Which cgroups this machine has, as crun sees it: hybrid makes its `create` refuse. */
export function cgroupVersion(): 'v1' | 'v2' | 'hybrid' {
  const CGROUP2_SUPER_MAGIC = 0x63677270;
  if (statfsSync('/sys/fs/cgroup').type === CGROUP2_SUPER_MAGIC) return 'v2';
  return readText('/sys/fs/cgroup/unified/cgroup.controllers') === undefined ? 'v1' : 'hybrid';
}

/** The character and block devices directly in /dev and its usual sub-folders, for privileged containers. */
export function readHostDevices(): OciDevice[] {
  return ['', 'net', 'dri', 'snd', 'mapper'].flatMap(folder => devicesIn(join('/dev', folder)));
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
  // glibc's encoding of dev_t, makedev(3).
  const major = ((rdev >>> 8) & 0xfff) | (Math.floor(rdev / 2 ** 32) & ~0xfff);
  const minor = (rdev & 0xff) | ((rdev >>> 12) & ~0xff);
  const type = (mode & 0o170000) === 0o060000 ? 'b' : 'c';
  return { path, type, major, minor, fileMode: mode & 0o777, uid, gid };
}

function loadedApparmorProfile(): string | undefined {
  if (readText('/sys/module/apparmor/parameters/enabled')?.trim() !== 'Y') return undefined;
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

function hardLimit(name: string): number {
  const line = readFileSync('/proc/self/limits', 'utf8')
    .split('\n')
    .find(row => row.startsWith(name));
  const hard = line?.slice(name.length).trim().split(/\s+/)[1];
  return hard === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(hard ?? 1024);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
