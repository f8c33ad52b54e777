import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { caller } from './caller.ts';
import { foldersIn } from './list-folder.ts';

/** What decides where a machine's cgroups go. */
export interface CgroupTree {
  readonly mount: string;
  /** As crun sees it: `hybrid` has v1 controllers, and a v2 tree without any beside them. */
  readonly version: 'v1' | 'v2' | 'hybrid';
  /** systemd is the machine's first process: sd_booted(3). */
  readonly systemd: boolean;
  /** The cgroup that systemd has delegated to this ordinary user, if it has; undefined for root too. */
  readonly userService?: string;
}

let tree: CgroupTree | undefined;

/** The cgroups of this machine, which stay as they are while it runs: looked at once. */
export function cgroupTree(): CgroupTree {
  tree ??= {
    mount: '/sys/fs/cgroup',
    version: findVersion(),
    systemd: existsSync('/run/systemd/system'),
    ...findUserService(),
  };
  return tree;
}

/**
 * Whether containers of this caller have cgroups: an ordinary user's do where systemd delegates a part of cgroup v2 to
 * users, and this process is in that part (see `scopeCommand`). Without, there are no limits, and figures come from the
 * processes.
 */
export function hasCgroups(): boolean {
  if (!caller().rootless) return true;
  const { userService } = cgroupTree();
  return userService !== undefined && isBelow(userService);
}

/** Whether `hasCgroups` is so for a command of this caller, which `scopeCommand` moves if need be. */
export function mayHaveCgroups(): boolean {
  return !caller().rootless || cgroupTree().userService !== undefined;
}

/** A process may be moved only between cgroups whose common one is its own user's: kernel, cgroup-v2, delegation. */
function isBelow(cgroup: string): boolean {
  inService ??= readFileSync('/proc/self/cgroup', 'utf8').includes(`0::${cgroup}/`);
  return inService;
}

let inService: boolean | undefined;

/**
 * A command line that does the same in the part of the cgroups that systemd delegates to this ordinary user; undefined
 * where it is there already, or there is none. A login is elsewhere, and only systemd can move it. If it refuses, the
 * command runs where it is.
 */
export function scopeCommand(command: readonly string[]): string[] | undefined {
  const { userService } = cgroupTree();
  if (userService === undefined || isBelow(userService)) return undefined;
  const script = `
set_up="systemd-run --user --scope --quiet --collect"
if $set_up true 2>/dev/null; then exec $set_up -- "$@"; fi
exec "$@"`;
  return ['/bin/sh', '-c', script, 'sh', ...command];
}

/** systemd, CGROUP_DELEGATION: the service that is a user's own systemd. Of cgroup v1 nothing can be delegated. */
function findUserService(): Pick<CgroupTree, 'userService'> {
  const { rootless, uid } = caller();
  if (!rootless || findVersion() !== 'v2') return {};
  const userService = `/user.slice/user-${uid}.slice/user@${uid}.service`;
  try {
    accessSync(join('/sys/fs/cgroup', userService, 'cgroup.procs'), constants.W_OK);
    return { userService };
  } catch {
    return {};
  }
}

/** Which cgroups this machine has. */
export function cgroupVersion(): CgroupTree['version'] {
  return cgroupTree().version;
}

/** True where systemd runs the machine. */
export function systemdRuns(): boolean {
  return cgroupTree().systemd;
}

function findVersion(): CgroupTree['version'] {
  const CGROUP2_SUPER_MAGIC = 0x63677270;
  if (statfsSync('/sys/fs/cgroup').type === CGROUP2_SUPER_MAGIC) return 'v2';
  try {
    readFileSync('/sys/fs/cgroup/unified/cgroup.controllers');
    return 'hybrid';
  } catch {
    return 'v1';
  }
}

/**
 * The cgroup that holds all of a root, relative to the cgroup mounts. Where systemd runs the machine, the tree is its,
 * and others may have cgroups only below a unit that it has delegated to them (systemd, CGROUP_DELEGATION). So it is a
 * scope there, which `adopt` makes; elsewhere a folder at the top.
 */
export function cgroupOfRoot(
  rootId: string,
  { systemd, userService }: Pick<CgroupTree, 'systemd' | 'userService'> = cgroupTree(),
): string {
  if (userService !== undefined) return `${userService}/plimsoll.slice/${scopeOf(rootId)}`;
  return systemd ? `/machine.slice/${scopeOf(rootId)}` : `/plimsoll-${rootId}`;
}

/** Names of the cgroups in the one of a root, in a hierarchy where each container has its own. */
export function cgroupsOfRoot(rootId: string): string[] {
  const { mount, version } = cgroupTree();
  const folder = join(mount, version === 'v2' ? '' : 'pids', cgroupOfRoot(rootId));
  return foldersIn(folder);
}

/** Name of the unit that holds all of a root where systemd runs the machine. */
export function scopeOf(rootId: string): string {
  return `plimsoll-${rootId}.scope`;
}
