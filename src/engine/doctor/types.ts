/** One row of what `doctor` found about this machine. */
export interface Finding {
  readonly area: 'tool' | 'kernel' | 'privilege' | 'network' | 'disk';
  readonly name: string;
  /** `warn`: the main job runs, something less does not. `missing`: building or running cannot work. */
  readonly status: 'ok' | 'warn' | 'missing';
  /** What was found: a version, a path, a number. */
  readonly found: string;
  /** What does not work as it is; absent when `ok`. */
  readonly without?: string;
  /** A command that mends it, or what to do. */
  readonly fix?: string;
}

/** A host tool of `host-tools.json`. */
export interface HostTool {
  readonly name: string;
  /** Any one of them will do, in order of choice; with `all`, every one is needed. */
  readonly commands: readonly string[];
  readonly all?: boolean;
  /** How to ask its version (default `--version`), and a word that tells the right implementation from others. */
  readonly version?: { readonly args: readonly string[]; readonly mustSay?: string; readonly none?: boolean };
  /** It must need no shared library, as it is copied into images. */
  readonly static?: boolean;
  readonly needed: 'required' | 'optional';
  /** `test`: only the tests use it. */
  readonly for: 'start' | 'test';
  readonly purpose: string;
  /** Packages by family of distributions, parted by blanks. */
  readonly packages: Readonly<Partial<Record<DistroFamily, string>>>;
  /** Paths of the package (dpkg's patterns) that are not installed: a service that would start by itself. */
  readonly leaveOut?: readonly string[];
}

export type DistroFamily = 'debian' | 'fedora' | 'alpine' | 'arch' | 'suse';

/** What kind of system this is, as far as installing goes. */
export interface Distro {
  /** As /etc/os-release has it: `Debian GNU/Linux 12 (bookworm)`. */
  readonly name: string;
  /** Absent: unknown to us. */
  readonly family?: DistroFamily;
}
