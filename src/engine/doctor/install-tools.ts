import { existsSync, readdirSync } from 'node:fs';
import { type RunResult, run } from '../kernel/index.ts';
import { installCommand, packagesFor, readDistro } from './distro.ts';
import { missingTools } from './examine-tools.ts';
import { hostTools, toolFolders } from './host-tools.ts';
import type { HostTool } from './types.ts';

/** What became of the tools that were missing. */
export interface Installation {
  readonly installed: readonly string[];
  /** Tools that are still missing, and the command that a person can type for them. */
  readonly missing: readonly HostTool[];
  readonly fix?: string;
}

/**
 * Installs the host tools that are missing through apt-get (Debian, Ubuntu), as root or by sudo; elsewhere it only says
 * what to install. `say` hears what and why before anything is done.
 */
export async function installTools(options: {
  purpose: 'start' | 'test';
  say: (line: string) => void;
  /** Somebody is at the terminal: sudo may ask for a password there. Without, only a sudo that asks nothing is used. */
  attended?: boolean;
  signal?: AbortSignal;
}): Promise<Installation> {
  const folders = toolFolders(process.env.PATH);
  const wanted = hostTools.filter(tool => tool.for === 'start' || options.purpose === 'test');
  const missing = missingTools(wanted, folders);
  if (missing.length === 0) return { installed: [], missing };
  const distro = readDistro();
  const root = process.getuid?.() === 0;
  const packages = packagesFor(distro, missing);
  if (distro.family === 'debian') {
    for (const tool of missing) options.say(`${tool.name} is not installed: it ${tool.purpose}`);
    const prefix = await privilege(root, options);
    if (prefix !== undefined) {
      options.say(`installing ${packages.join(', ')} with apt-get`);
      const leaveOut = missing.flatMap(tool => tool.leaveOut ?? []);
      await aptInstall(packages, { ...options, prefix, leaveOut });
    }
  }
  const left = missingTools(missing, folders);
  const fix = installCommand(distro, left, { root });
  const installed = missing.filter(tool => !left.includes(tool)).map(tool => tool.name);
  return { installed, missing: left, ...(fix === undefined ? {} : { fix }) };
}

/** What to put before a command to run it as root: nothing, `sudo -n`, or undefined if neither works. */
async function privilege(
  root: boolean,
  options: { say: (line: string) => void; attended?: boolean; signal?: AbortSignal },
): Promise<string[] | undefined> {
  if (root) return [];
  const asked = await run('sudo', ['-n', 'true'], { timeoutMs: 5000 }).catch(() => undefined);
  if (asked?.code === 0) return ['sudo', '-n'];
  if (asked === undefined || !options.attended) return undefined;
  options.say('installing needs root: sudo asks for your password (ctrl-d: go on without)');
  const { signal } = options;
  const given = await run('sudo', ['true'], signal === undefined ? {} : { signal }); // it asks on /dev/tty
  return given.code === 0 ? ['sudo', '-n'] : undefined;
}

/** All at once; if that fails, with fresh package lists; then one by one, so that one unknown name costs only itself. */
async function aptInstall(
  packages: readonly string[],
  options: {
    prefix: readonly string[];
    leaveOut: readonly string[];
    say: (line: string) => void;
    signal?: AbortSignal;
  },
): Promise<void> {
  const without = options.leaveOut.flatMap(path => ['-o', `Dpkg::Options::=--path-exclude=${path}`]);
  const install = (names: readonly string[]) =>
    apt(['install', '-y', '--no-install-recommends', ...without, ...names], options);
  if (hasPackageLists() && (await install(packages)).code === 0) return;
  options.say('refreshing the package lists with apt-get update');
  await apt(['update'], options);
  if ((await install(packages)).code === 0) return;
  for (const name of packages) {
    const { code, stderr } = await install([name]);
    if (code !== 0) options.say(`apt-get could not install ${name}: ${lastLine(stderr)}`);
  }
}

async function apt(
  args: readonly string[],
  { prefix, signal }: { prefix: readonly string[]; signal?: AbortSignal },
): Promise<RunResult> {
  const command = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', ...args];
  const [name = 'apt-get', ...rest] = command;
  return await run(name, rest, signal === undefined ? {} : { signal });
}

function hasPackageLists(): boolean {
  const folder = '/var/lib/apt/lists';
  return (
    existsSync(folder) &&
    readdirSync(folder).some(name => name.endsWith('Packages') || name.includes('_Packages'))
  );
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
